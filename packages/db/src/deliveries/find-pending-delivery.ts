import type { DeliveryRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** A delivery that is still to be made; undefined when it was made, given up, or pruned. */
export async function findPendingDelivery(tx: Tx, groupId: string, id: string): Promise<DeliveryRow | undefined> {
  const [row] = await tx<DeliveryRow[]>`
    select id, group_id, event_id, event_type, subscriber, webhook_id, payload, state, attempts, next_attempt_at,
           delivered_at, traceparent, created_at
      from webhook_deliveries
     where id = ${id} and group_id = ${groupId} and state = 'pending'`
  return row
}
