import { problem } from '@keepr/shared/problem'
import { acceptedWeight } from './accepted-weight.ts'
import type { Call } from './api.ts'

/** Refuses a caller who accepts none of the media types that there are. */
export function requireAcceptable(c: Call, produces: readonly string[]): void {
  const accept = c.req.header('accept')
  // Who sends an empty one accepts anything, as who sends none.
  if (!accept?.trim() || accept === '*/*' || produces.includes('*/*')) return
  if (produces.some((type) => acceptedWeight(accept, type) > 0)) return
  throw problem('not-acceptable', { detail: `The answer is ${produces.join(' or ')}.` })
}
