import type { Finding } from '@keepr/shared/schemas/checkr'

/** What the validator said about the content. */
export type Verdict = { kind: 'passed' | 'failed'; findings: Finding[]; reportUrl?: string | undefined }

/** The validator works on it and says where to ask again. Not an attempt when it was a poll. */
export type Pending = { kind: 'pending'; pollUrl: string; delayMs: number }

/** No verdict came of it. */
export type Failure = {
  kind: 'error'
  /** A sentence for authors and logs: no secrets, no content. */
  reason: string
  retryAfterMs?: number | undefined
  /** Only the operator can mend it (401, 403, 404, a missing secret): said loudly, tried again at long intervals. */
  mistake?: boolean
  /** The place where a 202 said that the verdict will be is of no use any more: the next call submits anew. */
  submitAnew?: boolean
}

/** The validator was not called, now is not the time; no attempt is used. */
export type Postponed = {
  kind: 'postponed'
  reason: 'breaker_open' | 'no_free_slot' | 'rate_limit' | 'stopping'
  delayMs: number
}

/** What came of one call. */
export type CallOutcome = Verdict | Pending | Failure

/** What came of judging a run once. */
export type Outcome = CallOutcome | Postponed | { kind: 'not_required' }
