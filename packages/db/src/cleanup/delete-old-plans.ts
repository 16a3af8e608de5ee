import type { Tx } from '../transaction.ts'

/** Removes cleanup plans that can no longer be applied and were kept long enough. @returns how many */
export async function deleteOldPlans(tx: Tx, olderThanMs: number, limit: number): Promise<number> {
  const deleted = await tx`
    delete from cleanup_plans
     where id in (select id from cleanup_plans
                   where created_at < now() - make_interval(secs => ${olderThanMs / 1000}) limit ${limit})`
  return deleted.count
}
