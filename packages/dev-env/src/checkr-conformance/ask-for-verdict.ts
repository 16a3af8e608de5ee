import { setTimeout as pause } from 'node:timers/promises'
import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import type { Outbound } from '@keepr/shared/runtime/outbound'
import { callValidator } from '@keepr/validation-worker/validator/client'
import type { CallOutcome } from '@keepr/validation-worker/validator/outcome'
import type { Target } from './target.ts'

const MOST_POLLS = 60
const MAX_RESPONSE_BYTES = 1_048_576

type Asked = { outcome: CallOutcome; status: number | undefined; answered: string }

/** Submits a run and follows a 202 to its verdict, with the worker's own client. `status` and `answered` are of the last answer. */
export async function askForVerdict(
  outbound: Pick<Outbound, 'call'>,
  target: Target,
  submission: OpenRun,
): Promise<Asked> {
  let status: number | undefined
  let answered = ''
  const listening: Pick<Outbound, 'call'> = {
    async call(request) {
      const answer = await outbound.call(request)
      status = answer.status
      answered = answer.body.toString('utf8')
      return answer
    },
  }
  const parts = {
    outbound: listening,
    secrets: { resolve: (template: string) => Promise.resolve(template) },
    maxResponseBytes: MAX_RESPONSE_BYTES,
    findContent: () => Promise.resolve(undefined), // it brings its own
  }
  const validator = {
    url: target.url,
    method: target.method,
    headers: target.headers,
    timeout: target.timeoutMs,
    backoff: 2_000,
    deadline: 86_400_000,
    on_unavailable: 'block' as const,
    allow_addresses: [],
  }
  let run = submission
  for (let polls = 0; polls <= MOST_POLLS; polls++) {
    const outcome = await callValidator(parts, { run, validator, now: Date.now() })
    if (outcome.kind !== 'pending') return { outcome, status, answered }
    await pause(Math.min(outcome.delayMs, 10_000))
    run = { ...run, poll_url: outcome.pollUrl }
  }
  return { outcome: { kind: 'error', reason: `no verdict after ${MOST_POLLS} polls of its 202` }, status, answered }
}
