import type { Tx } from '../transaction.ts'

/** Removes messages that no queue would take and that were kept for inspection long enough. @returns how many */
export async function deleteQuarantined(tx: Tx, olderThanMs: number, limit: number): Promise<number> {
  const deleted = await tx`
    delete from outbox
     where id in (select id from outbox
                   where quarantined_at < now() - make_interval(secs => ${olderThanMs / 1000}) limit ${limit})`
  return deleted.count
}
