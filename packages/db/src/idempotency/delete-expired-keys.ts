import type { Tx } from '../transaction.ts'

/** Removes answers that are not replayed any more. @returns how many */
export async function deleteExpiredKeys(tx: Tx, olderThanMs: number, limit: number): Promise<number> {
  const deleted = await tx`
    delete from idempotency_keys
     where (group_id, user_id, route, key) in (
       select group_id, user_id, route, key from idempotency_keys
        where created_at < now() - make_interval(secs => ${olderThanMs / 1000}) limit ${limit})`
  return deleted.count
}
