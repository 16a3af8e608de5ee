import type { GenericSchema } from 'valibot'

/** Who reads settings: the services, the migration job, and the development network. */
export type Service = 'api' | 'validation-worker' | 'webhook-worker' | 'migrate' | 'dev-env'

/** One setting of the product: everything that the code, the documentation and the Helm chart need to know about it. */
export type Setting = {
  readonly type: GenericSchema<string, unknown>
  /** What stands for an absent value, written as it would stand in the environment. Without it the setting is required. */
  readonly default?: string
  /** Absent without a default is fine: the value is then `undefined`. */
  readonly optional?: true
  /** Another setting whose value stands in for an absent one. */
  readonly defaultsTo?: string
  /** What a bare number counts; durations arrive as milliseconds and sizes as bytes. */
  readonly unit?: 'duration' | 'bytes' | 'count' | 'per minute' | 'ratio'
  /** The value is never shown, and may come from a mounted file named by `<NAME>_FILE`. */
  readonly secret?: true
  readonly readBy: readonly Service[]
  readonly about: string
}
