import { type BatchRow, nilUuid, type Scan, toBatch } from '../scan.ts'

/** What must still follow: each message refers to something of its group, and none was set aside. */
export const messages: Scan = {
  table: 'outbox',
  first: [nilUuid],
  batch: async (sql, [after = nilUuid], { rows }) =>
    toBatch(
      await sql<BatchRow[]>`
      with batch as materialized (
        select * from outbox where id > ${after} order by id limit ${rows}
      )
      select (select count(*)::int from batch) as scanned,
             (select array[id::text] from batch order by id desc limit 1) as last,
             (select jsonb_agg(jsonb_build_object('key', o.id, 'promise', p.promise, 'found', p.found)) from batch o, lateral (values
               ('message_refers_to_something', case o.kind
                  when 'validate_run' then exists (select from validation_runs r where r.id = o.refs[1] and r.group_id = o.group_id)
                  when 'deliver_webhook' then exists (select from webhook_deliveries d where d.id = o.refs[1] and d.group_id = o.group_id)
                  else (select count(*) from artifact_events e where e.id = any (o.refs) and e.group_id = o.group_id) = cardinality(o.refs) end,
                 o.kind || ' of something that does not exist'),
               ('no_message_is_set_aside', o.quarantined_at is null, 'set aside: ' || coalesce(o.quarantine_reason, 'for no reason'))
             ) as p (promise, holds, found) where p.holds is not true) as faults`,
    ),
}
