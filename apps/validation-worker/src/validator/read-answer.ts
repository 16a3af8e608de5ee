import { parseRetryAfter } from '@keepr/shared/domain/backoff'
import { toldOffences } from '@keepr/shared/domain/offence'
import { readStrictJson, type StrictJson } from '@keepr/shared/domain/strict-json'
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
  /** A validator may repeat what it was sent, a token included: nothing of that is stored or shown. */
  mask: (text: string) => string
}

const MAX_DEPTH = 32
const MAX_LINK = 2000
const POLL_MS = { default: 2_000, least: 500, most: 15 * 60_000 } as const

/**
 * What an answer means. Strict, since a validator's answer is untrusted input: what is not exactly a verdict for exactly
 * this content is an error, which is tried again and never publishes anything.
 */
export function readAnswer(answer: Answer, asked: Asked): CallOutcome {
  const { status, headers } = answer
  const retryAfterMs = parseRetryAfter(headers['retry-after'], asked.now)
  if (status === 200) return readVerdict(answer, asked)
  if (status === 422) return readRefusal(answer, asked)
  if (status === 202) return readPending(headers['location'], retryAfterMs, asked)
  const gone = asked.isPoll ? { submitAnew: true } : {}
  if (status === 429 || status >= 500)
    return { kind: 'error', reason: `the validator answered ${status}`, retryAfterMs }
  if (status >= 300 && status < 400)
    return { kind: 'error', reason: `validator_redirect: it answered ${status}, redirects are not followed`, ...gone }
  if (status >= 400)
    return { kind: 'error', reason: `the validator answered ${status}`, mistake: !asked.isPoll, ...gone }
  return unreadable(asked, `an unexpected status ${status}`)
}

function readVerdict(answer: Answer, asked: Asked): CallOutcome {
  if (answer.headers['content-encoding'] !== undefined && answer.headers['content-encoding'] !== 'identity')
    return unreadable(asked, 'a compressed answer, which was not asked for')
  const json = readStrictJson(answer.body, MAX_DEPTH)
  if (json.kind !== 'value') return unreadable(asked, `no JSON that can be trusted: ${reasonOf(json)}`)
  const parsed = v.safeParse(CheckrVerdict, answer.status === 422 ? asRefusal(json.value) : json.value)
  if (!parsed.success) return unreadable(asked, `not a verdict: ${v.summarize(parsed.issues)}`)
  const { valid, findings, report_url, content_hash: echoed } = parsed.output
  if (echoed !== undefined && echoed !== asked.contentHash)
    return {
      ...unreadable(asked, 'a verdict for other content'),
      reason: 'verdict_mismatch: the verdict is for other content',
    }
  if (answer.status === 422 && valid) return unreadable(asked, '422 together with "valid": true')
  return {
    kind: valid ? 'passed' : 'failed',
    findings: findings.map((finding) => cleaned(finding, asked)),
    reportUrl: link(report_url, asked),
  }
}

/** Without a verdict it is a 4xx like others: many frameworks answer so to a request that their schema does not fit. */
function readRefusal(answer: Answer, asked: Asked): CallOutcome {
  const outcome = readVerdict(answer, asked)
  return outcome.kind === 'error' ? { ...outcome, mistake: !asked.isPoll } : outcome
}

/** The status says no: with findings, the body need not say so again. */
const asRefusal = (said: unknown): unknown =>
  typeof said === 'object' && said !== null && 'findings' in said && Array.isArray(said.findings)
    ? { valid: false, ...said }
    : said

const reasonOf = (json: Exclude<StrictJson, { kind: 'value' }>): string => {
  if (json.kind === 'malformed') return json.detail
  return toldOffences(json.offences)
    .map(({ pointer, detail }) => `${pointer} ${detail}`.trimStart())
    .join('; ')
}

function readPending(location: string | undefined, retryAfterMs: number | undefined, asked: Asked): CallOutcome {
  const delayMs = Math.min(Math.max(retryAfterMs ?? POLL_MS.default, POLL_MS.least), POLL_MS.most)
  if (location === undefined && asked.isPoll) return { kind: 'pending', pollUrl: asked.mask(asked.url), delayMs }
  const target = location === undefined ? null : URL.parse(location, asked.url)
  if (target === null) return unreadable(asked, '202 without a Location')
  // What is stored is filled in again when it is called: a place for a secret may only come from the operator.
  if (target.href.includes('{{')) return unreadable(asked, '202 with a Location that holds a placeholder')
  if (target.origin !== new URL(asked.url).origin || target.username !== '' || target.password !== '')
    return unreadable(asked, "202 with a Location outside of the validator's own origin")
  return { kind: 'pending', pollUrl: asked.mask(target.href), delayMs }
}

/** People follow it: nothing but a web address is kept. */
const link = (text: string | undefined, { mask }: Asked): string | undefined => {
  const url = text === undefined ? null : URL.parse(text)
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  return url !== null && isWeb && url.href.length <= MAX_LINK ? mask(url.href) : undefined
}

// Masked before it is cut: half a secret would not be found any more.
const cleaned = ({ severity, code, message, path }: Finding, { mask }: Asked): Finding => ({
  severity: sanitize(mask(severity), 32),
  code: sanitize(mask(code), 200),
  message: sanitize(mask(message), 2000),
  ...(path === undefined ? {} : { path: sanitize(mask(path), 1000) }),
})

const unreadable = ({ mask }: Asked, what: string): Failure => ({
  kind: 'error',
  reason: sanitize(mask(`the validator's answer cannot be used: ${what}`)),
  submitAnew: true,
})
