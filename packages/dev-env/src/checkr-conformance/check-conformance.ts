import type { Outbound } from '@keepr/shared/runtime/outbound'
import { Finding } from '@keepr/shared/schemas/checkr'
import type { CallOutcome } from '@keepr/validation-worker/validator/outcome'
import * as v from 'valibot'
import { askForVerdict } from './ask-for-verdict.ts'
import { aSubmission } from './a-submission.ts'
import type { Target } from './target.ts'

export type Result = { verdict: 'kept' | 'broken' | 'advice'; rule: string; detail?: string }

/** The validator was not reached, or knows nobody who asks so: nothing can be said of it. */
class NotAsked extends Error {
  override readonly name = 'NotAsked'
}

const AT_ONCE = 5

/** Calls a validator with the worker's own client, and tells for each rule of the contract whether it is kept. */
export async function checkConformance(outbound: Pick<Outbound, 'call'>, target: Target): Promise<Result[]> {
  const submission = aSubmission(target)
  const first = await askForVerdict(outbound, target, submission)
  const obstacle = obstacleOf(first)
  if (obstacle !== undefined) throw new NotAsked(obstacle)
  const results = [
    judged(
      'It gives a verdict: 200 with "valid": true or false, 422 with findings, or 202 that leads to one',
      first.outcome,
    ),
  ]
  if (first.outcome.kind === 'error') return results
  results.push({ verdict: 'kept', rule: `Its verdict on the example: ${sentence(first.outcome)}` })
  if (first.outcome.kind === 'passed')
    results.push({
      verdict: 'advice',
      rule: 'No refusal was seen: run it again with content that it should refuse (--file)',
    })
  results.push(describesFindings(first.answered))
  if (!/"content_hash"\s*:\s*"[0-9a-f]{64}"/.test(first.answered))
    results.push({
      verdict: 'advice',
      rule: 'It may echo content_hash, so that a verdict is never taken for another content',
    })
  else results.push({ verdict: 'kept', rule: 'It echoes content_hash' })

  const second = await askForVerdict(outbound, target, submission)
  results.push({
    ...judged('The same run (Idempotency-Key) gets the same verdict again', second.outcome),
    ...(second.outcome.kind !== 'error' && second.outcome.kind !== first.outcome.kind
      ? { verdict: 'broken', detail: `first ${first.outcome.kind}, then ${second.outcome.kind}` }
      : {}),
  })

  const many = await Promise.all(
    Array.from({ length: AT_ONCE }, () => askForVerdict(outbound, target, aSubmission(target))),
  )
  const failed = many.find(({ outcome }) => outcome.kind === 'error')
  results.push(judged(`It gives ${AT_ONCE} verdicts at once`, failed?.outcome ?? first.outcome))
  results.push(await refusesGarbage(outbound, target))
  return results
}

/** The worker takes a verdict with findings that are not written so, but those who read them are told less. */
function describesFindings(answered: string): Result {
  const rule = 'Each of its findings has "severity", "code" and "message", and may have "path": all of them texts'
  const { success, issues } = v.safeParse(v.object({ findings: v.optional(v.array(Finding)) }), JSON.parse(answered))
  if (success) return { verdict: 'kept', rule }
  const detail = issues
    .slice(0, 5)
    .map((issue) => `${v.getDotPath(issue)}: expected ${issue.expected}, not ${issue.received}`)
  return { verdict: 'broken', rule, detail: detail.join('; ') }
}

function obstacleOf({ outcome, status }: Awaited<ReturnType<typeof askForVerdict>>): string | undefined {
  if (outcome.kind !== 'error') return undefined
  if (status === 401 || status === 403) return `it answered ${status}: give --header 'Authorization: …'`
  return /: (ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/.test(outcome.reason)
    ? outcome.reason
    : undefined
}

/** What is no request of the contract must never be valid. */
async function refusesGarbage(outbound: Pick<Outbound, 'call'>, target: Target): Promise<Result> {
  const rule = 'It does not find valid what is no JSON'
  try {
    const answer = await outbound.call({
      url: target.url,
      method: target.method,
      headers: { ...target.headers, 'content-type': 'application/json' },
      body: '{"run_id":',
      deadlineMs: target.timeoutMs,
      maxResponseBytes: 1_048_576,
    })
    if (answer.status === 200 && /"valid"\s*:\s*true/.test(answer.body.toString('utf8')))
      return { verdict: 'broken', rule, detail: 'it answered 200 with "valid": true' }
    if (answer.status < 400 || answer.status >= 500)
      return {
        verdict: 'advice',
        rule: 'It should answer 400 to what is no JSON',
        detail: `it answered ${answer.status}`,
      }
    return { verdict: 'kept', rule }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const detail = `there was no answer, and it may have died of that (${reason})`
    return { verdict: 'advice', rule: 'It should answer 400 to what is no JSON', detail }
  }
}

const judged = (rule: string, outcome: CallOutcome): Result =>
  outcome.kind === 'error' ? { verdict: 'broken', rule, detail: outcome.reason } : { verdict: 'kept', rule }

const sentence = (outcome: CallOutcome) =>
  'findings' in outcome ? `${outcome.kind}, ${outcome.findings.length} findings` : outcome.kind
