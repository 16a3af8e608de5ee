import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import { contentHash } from '@keepr/shared/domain/content-hash'
import { type Outbound, OutboundError, type OutboundRequest } from '@keepr/shared/runtime/outbound'
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
  /** The bytes of a run that was claimed without them. */
  findContent(run: OpenRun): Promise<Buffer | undefined>
}

type Wanted = { run: OpenRun; validator: ValidatorConfig; now: number; signal?: AbortSignal }

/**
 * One HTTP call for a run: submits it, or asks where a 202 said that the verdict will be. Every way in which this can
 * fail is an outcome; only being told to stop throws.
 */
export async function callValidator(parts: ClientParts, wanted: Wanted): Promise<CallOutcome> {
  const { run, validator } = wanted
  let filled: Filled
  try {
    const { url, headers } = validator
    filled = await fillIn(parts.secrets, { url, headers, address: run.poll_url ?? url })
  } catch (error) {
    return secretFailure(error)
  }
  // The operator may have named another validator since: its headers are nothing for the one that promised a verdict.
  const hasMoved = originOf(filled.address) !== originOf(filled.url)
  const isPoll = run.poll_url !== null && !hasMoved
  const call = isPoll ? { method: 'GET' as const, url: filled.address } : await submission(parts, wanted, filled.url)
  if ('kind' in call) return call
  const outcome = await ask(parts, wanted, { call, filled, isPoll })
  return hasMoved && outcome.kind === 'error' ? { ...outcome, submitAnew: true } : outcome
}

/** Of the content nothing but the body that is made of it stays in memory while the call lasts. */
async function submission({ findContent }: ClientParts, { run, validator }: Wanted, url: string) {
  const content = run.content ?? (await findContent(run))
  if (content === undefined) return unusable('the content was purged')
  // What is judged is what will be served, and that is checked too.
  if (contentHash(content) !== run.content_hash) return unusable('the stored content is damaged')
  return { method: validator.method, url, body: requestBody(run, content) }
}

const unusable = (reason: string): Failure => ({ kind: 'error', reason, mistake: true })

type Call = { call: Pick<OutboundRequest, 'method' | 'url' | 'body'>; filled: Filled; isPoll: boolean }

async function ask(
  { outbound, maxResponseBytes }: ClientParts,
  { run, validator, now, signal }: Wanted,
  { call, filled, isPoll }: Call,
): Promise<CallOutcome> {
  try {
    const answer = await outbound.call({
      ...call,
      headers: {
        accept: 'application/json',
        ...(isPoll ? {} : { 'content-type': 'application/json' }),
        ...filled.headers,
        'idempotency-key': run.id,
      },
      deadlineMs: validator.timeout,
      maxResponseBytes,
      allowAddresses: validator.allow_addresses,
      ...(signal === undefined ? {} : { signal }),
    })
    const headers = Object.fromEntries(
      Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
    )
    const asked = { url: call.url, contentHash: run.content_hash, isPoll, now, mask: filled.mask }
    return readAnswer({ ...answer, headers }, asked)
  } catch (error) {
    return callFailure(error, filled.mask)
  }
}

const originOf = (url: string): string | undefined => URL.parse(url)?.origin

function secretFailure(error: unknown): Failure {
  if (error instanceof SecretMissing) return { kind: 'error', reason: `secret_missing: ${error.secret}`, mistake: true }
  if (error instanceof SecretSourceUnreachable) return { kind: 'error', reason: `secret_unreachable: ${error.message}` }
  throw error
}

function callFailure(error: unknown, mask: (text: string) => string): Failure {
  if (!(error instanceof OutboundError) || error.reason === 'aborted') throw error
  const mistake = error.reason.endsWith('_not_allowed')
  // An answer that was there but is unusable makes a poll pointless; a peer that was not reached may still know of it.
  const submitAnew = error.reason === 'response_too_large' || error.reason === 'response_encoded'
  return { kind: 'error', reason: sanitize(mask(`${error.reason}: ${error.message}`)), mistake, submitAnew }
}
