import type { Tx } from '../transaction.ts'

export type PendingDeliveries = { subscriber: string; deliveries: number; oldest_s: number }

/** How many deliveries each subscriber has still to get, and for how long the oldest has been waiting. */
export async function countPendingDeliveries(tx: Tx): Promise<PendingDeliveries[]> {
  return await tx<PendingDeliveries[]>`
    select subscriber, count(*)::int as deliveries,
           greatest(extract(epoch from now() - min(created_at)), 0)::float8 as oldest_s
      from webhook_deliveries
     where state = 'pending'
     group by subscriber`
}
