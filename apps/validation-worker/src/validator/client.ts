import type { OpenRun } from '@keepr/db/validation-runs/claim-run'
import { type Outbound, OutboundError } from '@keepr/shared/runtime/outbound'
import { type Secrets, SecretMissing, SecretSourceUnreachable } from '@keepr/shared/runtime/secrets/secrets'
import type { ValidatorConfig } from '@keepr/shared/schemas/type-config'
import { fillIn, type Filled } from './fill-in.ts'
import type { CallOutcome, Failure } from './outcome.ts'
import { readAnswer } from './read-answer.ts'
import { requestBody } from './request-body.ts'
import { sanitize } from './sanitize.ts'

export type ClientParts = {
  outbound: Pick<Outbound, 'call'>
  secrets: Pick<Secrets, 'resolve'>
  maxResponseBytes: number
}

/**
 * One HTTP call for a run: submits it, or asks where a 202 said that the verdict will be. Every way in which this can
 * fail is an outcome; only being told to stop throws.
 */
export async function callValidator(
  parts: ClientParts,
  { run, validator, now, signal }: { run: OpenRun; validator: ValidatorConfig; now: number; signal?: AbortSignal },
): Promise<CallOutcome> {
  if (run.content === null) return { kind: 'error', reason: 'the content was purged', mistake: true }
  let filled: Filled
  try {
    filled = await fillIn(parts.secrets, {
      url: validator.url,
      headers: validator.headers,
      address: run.poll_url ?? validator.url,
    })
  } catch (error) {
    return secretFailure(error)
  }
  const isPoll = run.poll_url !== null
  const call = isPoll ? { method: 'GET' as const } : { method: validator.method, body: requestBody(run, run.content) }
  try {
    const answer = await parts.outbound.call({
      ...call,
      url: filled.url,
      headers: {
        accept: 'application/json',
        ...(isPoll ? {} : { 'content-type': 'application/json' }),
        ...filled.headers,
        'idempotency-key': run.id,
      },
      deadlineMs: validator.timeout,
      maxResponseBytes: parts.maxResponseBytes,
      allowAddresses: validator.allow_addresses,
      ...(signal === undefined ? {} : { signal }),
    })
    const headers = Object.fromEntries(
      Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
    )
    const { url, mask } = filled
    return readAnswer({ ...answer, headers }, { url, contentHash: run.content_hash, isPoll, now, mask })
  } catch (error) {
    return callFailure(error, filled.mask)
  }
}

function secretFailure(error: unknown): Failure {
  if (error instanceof SecretMissing) return { kind: 'error', reason: `secret_missing: ${error.secret}`, mistake: true }
  if (error instanceof SecretSourceUnreachable) return { kind: 'error', reason: `secret_unreachable: ${error.message}` }
  throw error
}

function callFailure(error: unknown, mask: (text: string) => string): Failure {
  if (!(error instanceof OutboundError) || error.reason === 'aborted') throw error
  const mistake = error.reason === 'url_not_allowed' || error.reason === 'address_not_allowed'
  // An answer that was there but is unusable makes a poll pointless; a peer that was not reached may still know of it.
  const submitAnew = error.reason === 'response_too_large' || error.reason === 'response_encoded'
  return { kind: 'error', reason: sanitize(mask(`${error.reason}: ${error.message}`)), mistake, submitAnew }
}
