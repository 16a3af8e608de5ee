import { MISSED_AT_ONCE, type Missed, missDeliveries } from '../commands/miss-deliveries.ts'
import type { Context } from '../context.ts'

/** Settles all that a group has waiting for a subscriber that will not be called, and tells of it. */
export async function settleAsMissed(ctx: Context, which: Missed): Promise<void> {
  const { group_id, subscriber, why } = which
  for (let count = MISSED_AT_ONCE; count === MISSED_AT_ONCE;) {
    count = await ctx.db.withService(group_id, (tx) => missDeliveries(tx, which))
    if (count === 0) return
    ctx.metrics.missed.inc(count)
    ctx.log.warn({ subscriber, count, reason: why }, 'deliveries were missed')
  }
}
