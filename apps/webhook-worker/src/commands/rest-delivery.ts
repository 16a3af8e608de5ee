import { rescheduleMessage } from '@keepr/db/outbox/reschedule-message'
import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import type { Context } from '../context.ts'

/** Lets a delivery wait without an attempt. */
export async function restDelivery(ctx: Context, delivery: WaitingDelivery, delayMs: number): Promise<void> {
  await ctx.db.withService(delivery.group_id, (tx) =>
    rescheduleMessage(tx, {
      kind: 'deliver_webhook',
      lane: delivery.subscriber,
      group_id: delivery.group_id,
      refs: [delivery.id],
      delayMs,
    }),
  )
}
