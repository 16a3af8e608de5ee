import { parseRetryAfter, withRetryAfter } from '@keepr/shared/domain/backoff'

/** What came of an attempt: an answer, or none. */
export type Attempted = { status: number; retryAfter: string | undefined } | { error: string }

export type DeliveryOutcome =
  | { kind: 'delivered' }
  | { kind: 'gone' }
  | { kind: 'retry'; inMs: number }
  | { kind: 'exhausted' }

const MAX_RETRY_AFTER_MS = 24 * 3_600_000
const JITTER = 0.2

/**
 * What follows from an attempt: any 2xx is a success, 410 disables the subscriber, anything else is tried again by the
 * schedule, with up to 20 % added so that not all come back at once; `Retry-After` can only delay. `random` is in [0, 1).
 */
export function outcomeOf(
  attempted: Attempted,
  made: { attempts: number; schedule: readonly number[]; now: number; random: number },
): DeliveryOutcome {
  if ('status' in attempted && attempted.status >= 200 && attempted.status < 300) return { kind: 'delivered' }
  if ('status' in attempted && attempted.status === 410) return { kind: 'gone' }
  const delay = made.schedule[made.attempts - 1]
  if (delay === undefined) return { kind: 'exhausted' }
  const wish = 'status' in attempted ? parseRetryAfter(attempted.retryAfter, made.now) : undefined
  return {
    kind: 'retry',
    inMs: Math.round(withRetryAfter(delay * (1 + JITTER * made.random), wish, MAX_RETRY_AFTER_MS)),
  }
}
