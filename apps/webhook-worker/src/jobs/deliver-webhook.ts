import { findPendingDelivery } from '@keepr/db/deliveries/find-pending-delivery'
import { finishMessage } from '@keepr/db/outbox/finish-message'
import { rescheduleMessage } from '@keepr/db/outbox/reschedule-message'
import type { DeliveryRow } from '@keepr/db/rows'
import { findSubscriberState } from '@keepr/db/subscribers/subscriber-state'
import type { QueueMessage } from '@keepr/shared/schemas/jobs'
import { recordAttempt } from '../commands/record-attempt.ts'
import type { Context } from '../context.ts'
import { send } from '../delivery/send.ts'

/** How long a delivery to a subscriber that cannot be called now rests. */
const REST_MS = 5 * 60_000

/** Makes one attempt at a delivery that is still pending, and records what came of it. */
export const deliverWebhook = (ctx: Context) => async (message: QueueMessage, signal: AbortSignal) => {
  const [id] = message.refs
  if (id === undefined) return
  const found = await ctx.db.withService(message.group_id, async (tx) => {
    const delivery = await findPendingDelivery(tx, message.group_id, id)
    if (!delivery) {
      await finishMessage(tx, 'deliver_webhook', id) // made already, or given up
      return undefined
    }
    return { delivery, state: await findSubscriberState(tx, delivery.subscriber) }
  })
  if (!found) return
  const { delivery, state } = found
  const subscriber = ctx.subscribers().find(({ name }) => name === delivery.subscriber)
  const mayProbe = state.probe_at === null || Date.parse(state.probe_at) <= ctx.now()
  // Taken out of the configuration, disabled, or paused until the next probe: the delivery waits.
  if (!subscriber || state.state === 'disabled' || (state.state === 'paused' && !mayProbe)) return rest(ctx, delivery)
  ctx.metrics.inFlight.inc()
  try {
    const sent = await send(ctx, subscriber, delivery, signal)
    await recordAttempt(ctx, delivery, sent)
  } finally {
    ctx.metrics.inFlight.dec()
  }
}

async function rest(ctx: Context, delivery: DeliveryRow): Promise<void> {
  await ctx.db.withService(delivery.group_id, (tx) =>
    rescheduleMessage(tx, {
      kind: 'deliver_webhook',
      lane: delivery.subscriber,
      group_id: delivery.group_id,
      refs: [delivery.id],
      delayMs: REST_MS,
    }),
  )
}
