import { type BatchRow, nilUuid, type Scan, toBatch } from '../scan.ts'

/** Re-validations of a type count what they do; a grace that runs is of a failed run of something still published. */
export const rechecks: Scan = {
  table: 'rechecks',
  first: [nilUuid],
  batch: async (sql, [after = nilUuid], { rows }) =>
    toBatch(
      await sql<BatchRow[]>`
      with batch as materialized (
        select * from rechecks where id > ${after} order by id limit ${rows}
      )
      select (select count(*)::int from batch) as scanned,
             (select array[id::text] from batch order by id desc limit 1) as last,
             (select jsonb_agg(jsonb_build_object('key', c.id, 'promise', p.promise, 'found', p.found)) from batch c, lateral (values
               ('recheck_counts_its_runs', c.started = (select count(*) from validation_runs r where r.recheck_id = c.id)
                  and c.passed + c.failed + c.unavailable + c.skipped <= c.started,
                 c.started || ' started, ' || concat_ws(', ', c.passed, c.failed, c.unavailable, c.skipped) || ' ended'),
               ('graces_are_of_failed_runs', not exists (
                  select from recheck_graces g left join validation_runs r on r.id = g.run_id and r.group_id = g.group_id
                   where r.recheck_id = c.id and (r.state <> 'failed' or r.artifact_id <> g.artifact_id)), 'a grace of a run that did not fail')
             ) as p (promise, holds, found) where p.holds is not true) as faults`,
    ),
}
