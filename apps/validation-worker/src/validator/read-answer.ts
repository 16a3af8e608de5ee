import { parseRetryAfter } from '@keepr/shared/domain/backoff'
import { readStrictJson } from '@keepr/shared/domain/strict-json'
import { CheckrVerdict, type Finding } from '@keepr/shared/schemas/checkr'
import * as v from 'valibot'
import type { CallOutcome, Failure } from './outcome.ts'
import { sanitize } from './sanitize.ts'

export type Answer = { status: number; headers: Record<string, string | undefined>; body: Uint8Array }
export type Asked = {
  /** Where the answer comes from: a 202 may only point to the same origin. */
  url: string
  contentHash: string
  isPoll: boolean
  now: number
}

const MAX_DEPTH = 32
const POLL_MS = { default: 2_000, least: 500, most: 15 * 60_000 } as const

/**
 * What an answer means. Strict, since a validator's answer is untrusted input: what is not exactly a verdict for exactly
 * this content is an error, which is tried again and never publishes anything.
 */
export function readAnswer(answer: Answer, asked: Asked): CallOutcome {
  const { status, headers } = answer
  const retryAfterMs = parseRetryAfter(headers['retry-after'], asked.now)
  if (status === 200 || status === 422) return readVerdict(answer, asked)
  if (status === 202) return readPending(headers['location'], retryAfterMs, asked)
  const gone = asked.isPoll ? { submitAnew: true } : {}
  if (status === 429 || status >= 500)
    return { kind: 'error', reason: `the validator answered ${status}`, retryAfterMs }
  if (status >= 300 && status < 400)
    return { kind: 'error', reason: `validator_redirect: it answered ${status}, redirects are not followed`, ...gone }
  if (status >= 400)
    return { kind: 'error', reason: `the validator answered ${status}`, mistake: !asked.isPoll, ...gone }
  return unreadable(`an unexpected status ${status}`)
}

function readVerdict(answer: Answer, asked: Asked): CallOutcome {
  if (answer.headers['content-encoding'] !== undefined && answer.headers['content-encoding'] !== 'identity')
    return unreadable('a compressed answer, which was not asked for')
  const json = readStrictJson(answer.body, MAX_DEPTH)
  if (json.kind !== 'value') return unreadable(`no JSON that can be trusted: ${json.detail}`)
  const parsed = v.safeParse(CheckrVerdict, json.value)
  if (!parsed.success) return unreadable(`not a verdict: ${v.summarize(parsed.issues)}`)
  const { valid, findings, report_url: reportUrl, content_hash: echoed } = parsed.output
  if (echoed !== undefined && echoed !== asked.contentHash)
    return {
      ...unreadable('a verdict for other content'),
      reason: 'verdict_mismatch: the verdict is for other content',
    }
  if (answer.status === 422 && valid) return unreadable('422 together with "valid": true')
  return { kind: valid ? 'passed' : 'failed', findings: findings.map(cleaned), reportUrl }
}

function readPending(location: string | undefined, retryAfterMs: number | undefined, asked: Asked): CallOutcome {
  const delayMs = Math.min(Math.max(retryAfterMs ?? POLL_MS.default, POLL_MS.least), POLL_MS.most)
  if (location === undefined && asked.isPoll) return { kind: 'pending', pollUrl: asked.url, delayMs }
  const target = location === undefined ? null : URL.parse(location, asked.url)
  if (target === null) return unreadable('202 without a Location')
  // What is stored is filled in again when it is called: a place for a secret may only come from the operator.
  if (target.href.includes('{{')) return unreadable('202 with a Location that holds a placeholder')
  if (target.origin !== new URL(asked.url).origin || target.username !== '' || target.password !== '')
    return unreadable("202 with a Location outside of the validator's own origin")
  return { kind: 'pending', pollUrl: target.href, delayMs }
}

const cleaned = (finding: Finding): Finding => ({
  severity: sanitize(finding.severity, 32),
  code: sanitize(finding.code, 200),
  message: sanitize(finding.message, 2000),
  ...(finding.path === undefined ? {} : { path: sanitize(finding.path, 1000) }),
})

const unreadable = (what: string): Failure => ({
  kind: 'error',
  reason: sanitize(`the validator's answer cannot be used: ${what}`),
  submitAnew: true,
})
