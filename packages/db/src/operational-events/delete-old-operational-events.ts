import type { Tx } from '../transaction.ts'

/** Removes operational events that were kept long enough, some at a time. @returns how many */
export async function deleteOldOperationalEvents(tx: Tx, olderThanMs: number, limit: number): Promise<number> {
  const deleted = await tx`
    delete from operational_events where id in (
      select id from operational_events
       where created_at < now() - make_interval(secs => ${olderThanMs / 1000}) order by created_at limit ${limit})`
  return deleted.count
}
