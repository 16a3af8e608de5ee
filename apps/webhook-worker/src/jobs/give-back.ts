import { giveBackDeliveries } from '@keepr/db/outbox/give-back-deliveries'
import { commitSoon } from '@keepr/db/transaction'
import type { Context } from '../context.ts'
import type { Held } from '../delivery/lanes.ts'

/** Gives deliveries back to the outbox: whoever has time takes them from there. It does not throw: a lease that is not given back ends by itself. */
export async function giveBack(ctx: Pick<Context, 'db' | 'log' | 'relay'>, given: readonly Held[]): Promise<void> {
  const leases = given.map(({ delivery: { id }, lease_ends_by_ms }) => ({ id, lease_ends_by_ms }))
  try {
    await ctx.db.withService(null, (tx) => Promise.all([giveBackDeliveries(tx, leases), commitSoon(tx)]))
    ctx.relay.nudge()
  } catch (error) {
    ctx.log.warn(
      { err: error, deliveries: given.length },
      'deliveries were not given back; their leases end by themselves',
    )
  }
}
