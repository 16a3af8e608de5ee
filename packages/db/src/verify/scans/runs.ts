import { type BatchRow, nilUuid, type Scan, toBatch } from '../scan.ts'

/** Each run is of one artifact and its content; while it is open somebody waits for it and something will wake a worker. */
export const runs: Scan = {
  table: 'validation_runs',
  first: [nilUuid],
  batch: async (sql, [after = nilUuid], { rows }) =>
    toBatch(
      await sql<BatchRow[]>`
      with batch as materialized (
        select * from validation_runs where id > ${after} order by id limit ${rows}
      ), judged as (
        select r.*, v.type as ledger_type, v.content_hash as ledger_hash, a.status, a.validation_run_id,
               r.state in ('waiting', 'running', 'error') as open
          from batch r
          left join artifact_versions v on v.group_id = r.group_id and v.artifact_id = r.artifact_id
          left join artifact_active a on a.id = r.artifact_id and a.group_id = r.group_id
      )
      select (select count(*)::int from batch) as scanned,
             (select array[id::text] from batch order by id desc limit 1) as last,
             (select jsonb_agg(jsonb_build_object('key', r.id, 'promise', p.promise, 'found', p.found)) from judged r, lateral (values
               ('run_is_of_its_artifact', (r.ledger_type, r.ledger_hash) is not distinct from (r.artifact_type, r.content_hash),
                 'the ledger says ' || coalesce(concat_ws(', ', r.ledger_type, r.ledger_hash), 'nothing')),
               ('open_run_is_waited_for', r.kind = 'recheck' or not (r.open or r.state = 'held')
                  or (r.status = 'on_verification' and r.validation_run_id = r.id), 'an open run of an artifact that is ' || coalesce(r.status, 'gone')),
               ('open_run_has_a_message', not r.open or exists (
                  select from outbox o where o.kind = 'validate_run' and o.refs[1] = r.id and o.group_id = r.group_id), 'nothing would wake a worker for it'),
               ('verdict_has_a_time', r.open or r.state = 'held' or r.checked_at is not null, 'a verdict without a time'),
               ('required_validation_is_not_skipped', not r.requires_validation or r.state <> 'not_required', 'a required validation that did not happen'),
               ('recheck_run_is_of_a_recheck', r.recheck_id is null or (r.kind = 'recheck' and exists (select from rechecks c where c.id = r.recheck_id)),
                 'an unknown re-validation'),
               ('tries_are_of_the_group', not exists (select from validation_tries t where t.run_id = r.id and t.group_id <> r.group_id),
                 'a try of another group')
             ) as p (promise, holds, found) where p.holds is not true) as faults`,
    ),
}
