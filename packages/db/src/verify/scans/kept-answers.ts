import { type BatchRow, type Scan, toBatch } from '../scan.ts'

/** Answers that are kept for an Idempotency-Key: they can be given again, and none tells of what was purged. */
export const keptAnswers: Scan = {
  table: 'idempotency_keys',
  first: ['', '', '', ''],
  batch: async (sql, [group = '', user = '', route = '', key = ''], { rows }) =>
    toBatch(
      await sql<BatchRow[]>`
      with batch as materialized (
        select * from idempotency_keys
         where (group_id, user_id, route, key) > (${group}, ${user}, ${route}, ${key})
         order by group_id, user_id, route, key limit ${rows}
      )
      select (select count(*)::int from batch) as scanned,
             (select array[group_id, user_id, route, key] from batch order by group_id desc, user_id desc, route desc, key desc limit 1) as last,
             (select jsonb_agg(jsonb_build_object('key', concat_ws(' ', k.group_id, k.user_id, k.route), 'promise', p.promise, 'found', p.found)) from batch k, lateral (values
               ('kept_answer_can_be_given', k.answer_status between 200 and 499 and (k.answer_body = '' or k.answer_body ~ '^\{.*\}$'),
                 'status ' || k.answer_status || ' and no JSON object'),
               ('purged_is_not_answered', k.answer_status = 410 or not exists (
                  select from artifact_events e where e.group_id = k.group_id and e.artifact_id = any (k.artifact_ids) and e.event_type = 'purged'
                     and e.created_at > k.created_at), 'an answer about a version that was purged since')
             ) as p (promise, holds, found) where p.holds is not true) as faults`,
    ),
}
