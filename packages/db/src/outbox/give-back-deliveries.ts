import type { Tx } from '../transaction.ts'

/** A delivery with the time, by the database's clock (ms), at which its lease has ended for certain. */
export type LeasedDelivery = { id: string; lease_ends_by_ms: number }

/**
 * Ends the leases of deliveries that were not begun: any relay may bring them to whoever has time. A lease that ends later
 * is somebody else's, and a message that somebody has locked is being ended or leased anew: it is not waited for. Each is looked up
 * by itself, as few waited when the statement was planned: a join would read all that wait by now.
 */
export async function giveBackDeliveries(tx: Tx, deliveries: readonly LeasedDelivery[]): Promise<void> {
  await tx`
    update outbox set leased_until = null
     where id = any (array(
       select message.id
         from unnest(${deliveries.map(({ id }) => id)}::uuid[],
                     ${deliveries.map(({ lease_ends_by_ms }) => lease_ends_by_ms)}::float8[]) as given (id, lease_ends_by_ms)
        cross join lateral (
          select id from outbox
           where kind = 'deliver_webhook' and refs[1] = given.id and leased_until <= to_timestamp(given.lease_ends_by_ms / 1000)
          offset 0 for update skip locked) message))`
}
