import type { Tx } from '../transaction.ts'

/**
 * Removes finished deliveries and attempts that are older than the retention periods, some at a time.
 * @returns whether there may be more
 */
export async function pruneDeliveries(
  tx: Tx,
  olderThan: { deliveriesMs: number; attemptsMs: number },
  limit: number,
): Promise<boolean> {
  const attempts = await tx`
    delete from webhook_attempts where id in (
      select id from webhook_attempts where at < now() - make_interval(secs => ${olderThan.attemptsMs / 1000}) limit ${limit})`
  const deliveries = await tx`
    delete from webhook_deliveries where id in (
      select id from webhook_deliveries
       where state <> 'pending' and created_at < now() - make_interval(secs => ${olderThan.deliveriesMs / 1000}) limit ${limit})`
  return attempts.count === limit || deliveries.count === limit
}
