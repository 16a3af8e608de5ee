import type { QueueMessage } from '@keepr/shared/schemas/jobs'
import type { Context } from '../context.ts'
import type { DeliveryDesk } from '../delivery-desk.ts'
import { makeDelivery } from './make-delivery.ts'

/** So long one wake-up is used for a subscriber's deliveries, one after the other; then the relay has its say again. */
const STINT_MS = 2000

/**
 * Makes the delivery that a message asks for, if it is still pending, and then others of the same subscriber that are due,
 * as long as it takes them: the queue only wakes, and the lane's bound holds, since each takes the place of one that is done.
 */
export function deliverWebhook(
  ctx: Context,
  desk: DeliveryDesk,
): (message: QueueMessage, signal: AbortSignal) => Promise<void> {
  return async ({ group_id, refs }, signal) => {
    const [id] = refs
    if (id === undefined) return
    await ctx.slots.wait() // this process may be making others that it wrote itself
    const endsAt = performance.now() + STINT_MS
    const takesNext = () => !signal.aborted && performance.now() < endsAt
    try {
      let delivery = await desk.open({ group_id, id })
      while (delivery) delivery = (await makeDelivery(ctx, desk, { delivery, signal, takesNext })).next
    } finally {
      ctx.slots.release()
    }
    ctx.relay.nudge() // there may be room in the lane
  }
}
