import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { storable } from '@keepr/shared/domain/storable'
import { OutboundError, type OutboundAnswer } from '@keepr/shared/runtime/outbound'
import { SecretMissing, SecretSourceUnreachable } from '@keepr/shared/runtime/secrets/secrets'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import type { Context } from '../context.ts'
import { SecretInvalid, signatureHeaders } from './sign.ts'

const MAX_RESPONSE_BYTES = 16 * 1024

type Sending = { subscriber: SubscriberConfig; delivery: WaitingDelivery; signal: AbortSignal }

export type Sent = {
  startedAt: Date
  durationMs: number
  status: number | null
  retryAfter: string | undefined
  error: string | null
  responseHead: string | null
}

/** Makes one attempt: fills in secrets, signs and posts. Never throws for what a subscriber or a secret source does. */
export async function send(ctx: Context, sending: Sending): Promise<Sent> {
  const startedAt = new Date(ctx.now())
  const started = performance.now()
  const took = () => Math.round(performance.now() - started)
  try {
    const answer = await post(ctx, startedAt, sending)
    const retryAfter = answer.headers['retry-after']
    return {
      startedAt,
      durationMs: took(),
      status: answer.status,
      retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
      error: null,
      responseHead: storable(ctx.redactor.scrub(answer.body.toString('utf8'))),
    }
  } catch (error) {
    const reason = failure(error)
    if (reason === undefined) throw error
    return {
      startedAt,
      durationMs: took(),
      status: null,
      retryAfter: undefined,
      error: storable(ctx.redactor.scrub(reason)),
      responseHead: null,
    }
  }
}

async function post(
  { secrets, outbound }: Context,
  at: Date,
  { subscriber, delivery, signal }: Sending,
): Promise<OutboundAnswer> {
  const resolveAll = (templates: readonly string[]) =>
    Promise.all(templates.map((template) => secrets.resolve(template)))
  const signing = await resolveAll([subscriber.secret].flat())
  const headers = Object.entries(subscriber.headers)
  const values = await resolveAll(headers.map(([, template]) => template))
  const contentType = subscriber.format === 'cloudevents' ? 'application/cloudevents+json' : 'application/json'
  return await outbound.call({
    method: 'POST',
    url: await secrets.resolve(subscriber.url),
    headers: {
      ...Object.fromEntries(headers.map(([name], index) => [name, values[index] ?? ''])),
      'content-type': contentType,
      'user-agent': 'Keepr-Webhooks/1',
      ...signatureHeaders({ webhookId: delivery.webhook_id, at, body: delivery.payload }, signing),
    },
    body: delivery.payload,
    deadlineMs: subscriber.timeout,
    maxResponseBytes: MAX_RESPONSE_BYTES,
    onTooLarge: 'truncate',
    allowAddresses: subscriber.allow_addresses,
    signal,
  })
}

/** The text of an expected failure; undefined for what is our own mistake or the end of the process. */
function failure(error: unknown): string | undefined {
  if (error instanceof OutboundError)
    return error.reason === 'aborted' ? undefined : `${error.reason}: ${error.message}`
  if (error instanceof SecretMissing) return `secret_missing: ${error.message}`
  if (error instanceof SecretInvalid) return `secret_invalid: ${error.message}`
  if (error instanceof SecretSourceUnreachable) return `secret_source_unreachable: ${error.message}`
  return undefined
}
