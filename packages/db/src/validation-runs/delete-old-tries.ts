import type { Tx } from '../transaction.ts'

/** Removes single tries of settled runs; their verdicts are kept for ever. @returns how many */
export async function deleteOldTries(tx: Tx, olderThanMs: number, limit: number): Promise<number> {
  const deleted = await tx`
    delete from validation_tries
     where id in (
       select t.id from validation_tries t join validation_runs r on r.id = t.run_id
        where t.at < now() - make_interval(secs => ${olderThanMs / 1000})
          and r.state in ('passed', 'failed', 'expired', 'cancelled', 'not_required')
        limit ${limit})`
  return deleted.count
}
