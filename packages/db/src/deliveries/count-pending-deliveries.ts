import type { Tx } from '../transaction.ts'

export type PendingDeliveries = { subscriber: string; deliveries: number; oldest_s: number }

/**
 * How many deliveries each subscriber has still to get, and for how long the oldest has been waiting: told by their messages,
 * as no index tells which deliveries are pending (0026).
 */
export async function countPendingDeliveries(tx: Tx): Promise<PendingDeliveries[]> {
  return await tx<PendingDeliveries[]>`
    select lane as subscriber, count(*)::int as deliveries,
           greatest(extract(epoch from now() - min(created_at)), 0)::float8 as oldest_s
      from outbox
     where kind = 'deliver_webhook'
     group by lane`
}
