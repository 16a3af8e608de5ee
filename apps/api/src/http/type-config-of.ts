import { problem } from '@keepr/shared/problem'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import type { Call } from './api.ts'

/** The configuration of an artifact's type; a type that the operator has removed takes no further writes of content. */
export function typeConfigOf(c: Call, type: string): TypeConfig {
  const config = c.get('ctx').types().get(type)
  if (config) return config
  throw problem('wrong-status', { detail: `The type ${type} is not configured any more.` })
}
