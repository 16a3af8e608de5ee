import type { Tx } from '../transaction.ts'

/** Removes single tries of settled runs; their verdicts are kept for ever. @returns how many */
export async function deleteOldTries(tx: Tx, olderThanMs: number, limit: number): Promise<number> {
  const deleted = await tx`
    delete from validation_tries
     where id in (
       select t.id from validation_tries t
        where t.at < now() - make_interval(secs => ${olderThanMs / 1000})
          and not exists (select from validation_runs r
                           where r.id = t.run_id and r.state in ('waiting', 'running', 'error', 'held'))
        limit ${limit})`
  return deleted.count
}
