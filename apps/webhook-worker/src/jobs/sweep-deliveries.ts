import { listForgottenDeliveries } from '@keepr/db/deliveries/list-forgotten-deliveries'
import { pruneDeliveries } from '@keepr/db/deliveries/prune-deliveries'
import { rescheduleMessage } from '@keepr/db/outbox/reschedule-message'
import type { Context } from '../context.ts'

const BATCH = 500

/** Finds pending deliveries that nothing would wake, and removes what is past its retention. */
export async function sweepDeliveries(ctx: Context): Promise<void> {
  await ctx.db.withService(null, async (tx) => {
    for (const { id, group_id, subscriber } of await listForgottenDeliveries(tx, BATCH)) {
      ctx.log.warn({ delivery_id: id, subscriber }, 'a pending delivery had no message and gets a new one')
      await rescheduleMessage(tx, { kind: 'deliver_webhook', lane: subscriber, group_id, refs: [id], delayMs: 0 })
    }
    await pruneDeliveries(tx, ctx.retention, BATCH)
  })
}
