import { backoffDelay, withRetryAfter } from '@keepr/shared/domain/backoff'
import type { ValidatorConfig } from '@keepr/shared/schemas/type-config'
import type { Failure } from './outcome.ts'

const MAX_BACKOFF_MS = 5 * 60_000
const MAX_RETRY_AFTER_MS = 15 * 60_000
/** An operator's mistake is mended by people, not by hurry. */
const MISTAKE_MS = 5 * 60_000
/** Nothing but its own timer would look at a run earlier than this. */
const LEAST_MS = 100

/** `failures`: how many tries have failed, or how many polls in a row. */
type Tried = { failure: Failure; failures: number; validator: Pick<ValidatorConfig, 'backoff'> | undefined }

/** How long after a failed try the next one follows; never past the deadline, at which the run expires. */
export function nextTryDelay({ failure, failures, validator }: Tried, leftMs: number, random: number): number {
  const backoff = { firstMs: validator?.backoff ?? 2_000, maxMs: MAX_BACKOFF_MS }
  const delay = failure.mistake ? MISTAKE_MS : Math.max(backoffDelay(failures, backoff, random), LEAST_MS)
  return Math.max(Math.min(withRetryAfter(delay, failure.retryAfterMs, MAX_RETRY_AFTER_MS), leftMs), 0)
}
