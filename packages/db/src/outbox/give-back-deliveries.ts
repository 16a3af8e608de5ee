import type { Tx } from '../transaction.ts'

/** Ends the leases of deliveries that were not begun: any relay may bring them to whoever has time. */
export async function giveBackDeliveries(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx`
    update outbox set leased_until = null
     where kind = 'deliver_webhook' and kind <> 'fan_out_events' and refs[1] = any (${[...ids]}::uuid[])`
}
