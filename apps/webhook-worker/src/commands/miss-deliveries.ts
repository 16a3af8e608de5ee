import { missDeliveries as missRows } from '@keepr/db/deliveries/miss-deliveries'
import { insertOperationalEvent } from '@keepr/db/operational-events/insert-operational-event'
import { systemActor } from '@keepr/shared/domain/actor'
import type { Context } from '../context.ts'

const BATCH = 2000

type Which = { group_id: string; subscriber: string; olderThanMs: number; why: string }

/**
 * Settles what a group has waiting for a subscriber that will not be called as missed, told of once; it can be replayed.
 * In batches, so that a long backlog holds no long locks.
 */
export async function missDeliveries(ctx: Context, { why, ...which }: Which): Promise<void> {
  for (let missed = BATCH; missed === BATCH;) {
    missed = await ctx.db.withService(which.group_id, async (tx) => {
      const count = await missRows(tx, which, BATCH)
      if (count > 0)
        await insertOperationalEvent(tx, {
          event_type: 'deliveries_missed',
          subject: which.subscriber,
          actor: systemActor('webhook-worker'),
          event_data: { count, reason: why },
        })
      return count
    })
    if (missed === 0) return
    ctx.metrics.missed.inc(missed)
    ctx.log.warn({ subscriber: which.subscriber, count: missed, reason: why }, 'deliveries were missed')
  }
}
