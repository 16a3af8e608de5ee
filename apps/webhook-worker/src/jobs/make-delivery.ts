import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { keepLease } from '@keepr/db/outbox/keep-lease'
import { rescheduleMessage } from '@keepr/db/outbox/reschedule-message'
import { inSpan, traceparentOf } from '@keepr/shared/runtime/tracing'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import { beginProbe } from '../commands/begin-probe.ts'
import type { Context } from '../context.ts'
import type { DeliveryDesk } from '../delivery-desk.ts'
import { send } from '../delivery/send.ts'
import { type MadeDelivery, recordAttempt } from './record-attempt.ts'
import { settleAsMissed } from './settle-as-missed.ts'

/** How long a delivery rests for a subscriber that is not known here (yet). */
const UNKNOWN_REST_MS = 10_000
/** The next probe begins after this one has certainly ended. */
const SPARE_MS = 10_000
const NOT_MADE: MadeDelivery = { delivered: false }

type Making = { delivery: WaitingDelivery; signal: AbortSignal; takesNext: () => boolean }

/** Makes one attempt at a delivery, if its subscriber is to be called, and records what came of it. */
export async function makeDelivery(
  ctx: Context,
  desk: Pick<DeliveryDesk, 'close'>,
  making: Making,
): Promise<MadeDelivery> {
  const { id, subscriber, traceparent } = making.delivery
  const attributes = { 'keepr.delivery_id': id, 'keepr.subscriber': subscriber }
  // One wake-up delivers for many: each delivery is shown where its event came from.
  return await inSpan('deliver webhook', { parent: traceparentOf(traceparent) ?? null, attributes }, () =>
    attempt(ctx, desk, making),
  )
}

async function attempt(
  ctx: Context,
  desk: Pick<DeliveryDesk, 'close'>,
  { delivery, signal, takesNext }: Making,
): Promise<MadeDelivery> {
  const subscriber = ctx.subscribers().find(({ name }) => name === delivery.subscriber)
  if (!subscriber) {
    if (delivery.age_ms < ctx.unknownGraceMs) await rest(ctx, delivery)
    else await settleAsMissed(ctx, { ...delivery, olderThanMs: ctx.unknownGraceMs, why: 'the subscriber was removed' })
    return NOT_MADE
  }
  if (delivery.subscriber_state === 'disabled') {
    await settleAsMissed(ctx, { ...delivery, olderThanMs: 0, why: 'the subscriber is disabled' })
    return NOT_MADE
  }
  const probe = delivery.subscriber_state === 'paused'
  if (probe && !(await mayProbe(ctx, delivery, subscriber))) return NOT_MADE
  const sent = await keepLease(ctx, { kind: 'deliver_webhook', ref: delivery.id }, () =>
    send(ctx, { subscriber, delivery, signal }),
  )
  return await recordAttempt(ctx, desk, { delivery, sent, probe, takesNext: takesNext() })
}

/** Without an attempt. */
async function rest(ctx: Context, { id, group_id, subscriber }: WaitingDelivery): Promise<void> {
  const delayMs = UNKNOWN_REST_MS
  await ctx.db.withService(group_id, (tx) =>
    rescheduleMessage(tx, { kind: 'deliver_webhook', lane: subscriber, group_id, refs: [id], delayMs }),
  )
}

async function mayProbe(ctx: Context, delivery: WaitingDelivery, { name, timeout }: SubscriberConfig) {
  const nextInMs = Math.max(ctx.pausing.probeEveryMs, timeout + SPARE_MS)
  const isBegun = await ctx.db.withService(delivery.group_id, (tx) => beginProbe(tx, delivery, nextInMs))
  if (!isBegun) return false
  ctx.metrics.transitions.inc({ transition: 'probed' })
  ctx.log.info({ subscriber: name, delivery_id: delivery.id }, 'a paused subscriber is probed')
  return true
}
