import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { keepLease } from '@keepr/db/outbox/keep-lease'
import { inSpan, traceparentOf } from '@keepr/shared/runtime/tracing'
import type { Context } from '../context.ts'
import type { DeliveryDesk } from '../delivery-desk.ts'
import { send } from '../delivery/send.ts'
import { beginProbe } from './begin-probe.ts'
import { missDeliveries } from './miss-deliveries.ts'
import { type MadeDelivery, recordAttempt } from './record-attempt.ts'
import { restDelivery } from './rest-delivery.ts'

/** How long a delivery rests for a subscriber that is not known here (yet). */
const UNKNOWN_REST_MS = 10_000
const NOT_MADE: MadeDelivery = { delivered: false }

type Making = { signal: AbortSignal; takesNext: () => boolean }

/** Makes one attempt at a delivery, if its subscriber is to be called, and records what came of it. */
export async function makeDelivery(
  ctx: Context,
  desk: Pick<DeliveryDesk, 'close'>,
  delivery: WaitingDelivery,
  making: Making,
): Promise<MadeDelivery> {
  const { id, subscriber, traceparent } = delivery
  const attributes = { 'keepr.delivery_id': id, 'keepr.subscriber': subscriber }
  // One wake-up delivers for many: each delivery is shown where its event came from.
  return await inSpan('deliver webhook', { parent: traceparentOf(traceparent) ?? null, attributes }, () =>
    attempt(ctx, desk, delivery, making),
  )
}

async function attempt(
  ctx: Context,
  desk: Pick<DeliveryDesk, 'close'>,
  delivery: WaitingDelivery,
  { signal, takesNext }: Making,
): Promise<MadeDelivery> {
  const subscriber = ctx.subscribers().find(({ name }) => name === delivery.subscriber)
  if (!subscriber) {
    if (delivery.age_ms < ctx.unknownGraceMs) await restDelivery(ctx, delivery, UNKNOWN_REST_MS)
    else await missDeliveries(ctx, { ...delivery, olderThanMs: ctx.unknownGraceMs, why: 'the subscriber was removed' })
    return NOT_MADE
  }
  if (delivery.subscriber_state === 'disabled') {
    await missDeliveries(ctx, { ...delivery, olderThanMs: 0, why: 'the subscriber is disabled' })
    return NOT_MADE
  }
  const probe = delivery.subscriber_state === 'paused'
  if (probe && !(await beginProbe(ctx, delivery, subscriber))) return NOT_MADE
  const sent = await keepLease(ctx, { kind: 'deliver_webhook', ref: delivery.id }, () =>
    send(ctx, subscriber, delivery, signal),
  )
  return await recordAttempt(ctx, desk, { delivery, sent, probe, takesNext: takesNext() })
}
