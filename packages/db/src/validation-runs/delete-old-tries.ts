import type { Tx } from '../transaction.ts'

/**
 * Removes single tries of settled runs; their verdicts are kept for ever. Their ids tell the time at which they were recorded
 * (UUID v7), so that the oldest are read first and no newer ones. The state of a run is asked for each, as a join would
 * read all runs for every batch. @returns how many
 */
export async function deleteOldTries(tx: Tx, olderThanMs: number, limit: number): Promise<number> {
  const deleted = await tx`
    with cut as (select now() - make_interval(secs => ${olderThanMs / 1000}) as at)
    delete from validation_tries
     where id in (
       select t.id from validation_tries t
        where t.id < (select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid from cut)
          and t.at < (select at from cut)
          and (select r.state from validation_runs r where r.id = t.run_id and r.state in ('waiting', 'running', 'error', 'held')) is null
        order by t.id
        limit ${limit})`
  return deleted.count
}
