import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { inSpan, traceparentOf } from '@keepr/shared/runtime/tracing'
import type { QueueMessage } from '@keepr/shared/schemas/jobs'
import { beginProbe } from '../commands/begin-probe.ts'
import { missDeliveries } from '../commands/miss-deliveries.ts'
import { recordAttempt } from '../commands/record-attempt.ts'
import { restDelivery } from '../commands/rest-delivery.ts'
import type { Context } from '../context.ts'
import { createDeliveryDesk, type DeliveryDesk } from '../delivery-desk.ts'
import { send } from '../delivery/send.ts'

/** So long one wake-up is used for a subscriber's deliveries, one after the other; then the relay has its say again. */
const STINT_MS = 2000
/** How long a delivery rests for a subscriber that is not known here (yet). */
const UNKNOWN_REST_MS = 10_000

/**
 * Makes the delivery that a message asks for, if it is still pending, and then others of the same subscriber that are due,
 * as long as it takes them: the queue only wakes, and the lane's bound holds, since each takes the place of one that is done.
 */
export function deliverWebhook(ctx: Context): (message: QueueMessage, signal: AbortSignal) => Promise<void> {
  const desk = createDeliveryDesk(ctx)
  return async ({ group_id, refs }, signal) => {
    const [id] = refs
    if (id === undefined) return
    const endsAt = performance.now() + STINT_MS
    let delivery = await desk.open({ group_id, id })
    while (delivery) {
      const takesNext = () => !signal.aborted && performance.now() < endsAt
      delivery = await traced(delivery, (one) => attempt(ctx, desk, one, { signal, takesNext }))
    }
    ctx.relay.nudge() // there may be room in the lane
  }
}

/** One wake-up delivers for many: each delivery is shown where its event came from. */
function traced<T>(delivery: WaitingDelivery, work: (delivery: WaitingDelivery) => Promise<T>): Promise<T> {
  const { id, subscriber, traceparent } = delivery
  const attributes = { 'keepr.delivery_id': id, 'keepr.subscriber': subscriber }
  return inSpan('deliver webhook', { parent: traceparentOf(traceparent), attributes }, () => work(delivery))
}

/** @returns the subscriber's next delivery, if it took this one */
async function attempt(
  ctx: Context,
  desk: DeliveryDesk,
  delivery: WaitingDelivery,
  { signal, takesNext }: { signal: AbortSignal; takesNext: () => boolean },
): Promise<WaitingDelivery | undefined> {
  const subscriber = ctx.subscribers().find(({ name }) => name === delivery.subscriber)
  if (!subscriber) {
    if (delivery.age_ms < ctx.unknownGraceMs) await restDelivery(ctx, delivery, UNKNOWN_REST_MS)
    else await missDeliveries(ctx, { ...delivery, olderThanMs: ctx.unknownGraceMs, why: 'the subscriber was removed' })
    return undefined
  }
  if (delivery.subscriber_state === 'disabled') {
    await missDeliveries(ctx, { ...delivery, olderThanMs: 0, why: 'the subscriber is disabled' })
    return undefined
  }
  const probe = delivery.subscriber_state === 'paused'
  if (probe && !(await beginProbe(ctx, delivery, subscriber))) return undefined
  const sent = await send(ctx, subscriber, delivery, signal)
  return await recordAttempt(ctx, desk, { delivery, sent, probe, takesNext: takesNext() })
}
