import type { Db } from '@keepr/db/connect'
import type { Relay } from '@keepr/db/outbox/relay'
import type { Log } from '@keepr/shared/runtime/log'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import type { ValidationMetrics } from './validation-metrics.ts'
import type { Validators } from './validator/judge.ts'
import type { Recovery } from './validator/recovery.ts'

/** All that the jobs need; built once by createContext (create-context.ts) and in tests by hand. */
export type Context = {
  db: Pick<Db, 'withService'>
  log: Log
  metrics: ValidationMetrics
  /** The configured types as they are now: the file may be reloaded. */
  types: () => ReadonlyMap<string, TypeConfig>
  validators: Validators
  recovery: Pick<Recovery, 'note'>
  relay: Pick<Relay, 'nudge' | 'nudgeIn' | 'judged'>
  now: () => number
  /** In [0, 1): spreads retries. */
  random: () => number
  retention: {
    idempotencyKeysMs: number
    cleanupPlansMs: number
    quarantinedMessagesMs: number
    validationTriesMs: number
  }
}
