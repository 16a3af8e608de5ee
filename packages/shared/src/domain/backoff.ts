export type BackoffSchedule = { firstMs: number; maxMs: number }

/**
 * The delay before the next try, after `attempts` of them: exponential with full jitter, so that many
 * clients of a service that comes back do not all call at once. `random` is a number in [0, 1).
 */
export function backoffDelay(attempts: number, schedule: BackoffSchedule, random: number): number {
  return Math.floor(random * backoffCeiling(attempts, schedule))
}

/** The longest that the delay after so many tries can be. */
export function backoffCeiling(attempts: number, { firstMs, maxMs }: BackoffSchedule): number {
  // 2 ** 1024 is Infinity, which min() takes care of; a first delay of 0 stays 0 (0 * Infinity would be NaN).
  const doublings = Math.min(Math.max(attempts - 1, 0), 1_000)
  return Math.min(firstMs * 2 ** doublings, maxMs)
}

/**
 * How long the peer asks to wait, in milliseconds: seconds or an HTTP date (RFC 9110 section 10.2.3).
 * Anything else, also a negative number, is no wish at all.
 */
export function parseRetryAfter(value: string | null | undefined, now: number): number | undefined {
  const text = value?.trim() ?? ''
  if (/^\d+$/u.test(text)) return Math.min(Number(text) * 1_000, Number.MAX_SAFE_INTEGER)
  if (!HTTP_DATE.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(at - now, 0)
}

/** A peer's wish only ever delays, and never beyond the cap: it can neither hurry us nor park us for ever. */
export function withRetryAfter(delayMs: number, retryAfterMs: number | undefined, capMs: number): number {
  return Math.max(delayMs, Math.min(retryAfterMs ?? 0, capMs))
}

// The one form that a sender may use today (IMF-fixdate); Date.parse alone would take almost anything.
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/u
