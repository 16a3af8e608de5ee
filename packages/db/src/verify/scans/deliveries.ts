import { type BatchRow, nilUuid, type Scan, toBatch } from '../scan.ts'

/** Each delivery is of an event of its group, pending ones will be tried, and what was signed tells of that event. */
export const deliveries: Scan = {
  table: 'webhook_deliveries',
  first: [nilUuid],
  batch: async (sql, [after = nilUuid], { rows }) =>
    toBatch(
      await sql<BatchRow[]>`
      with batch as materialized (
        select * from webhook_deliveries where id > ${after} order by id limit ${rows}
      ), judged as (
        select d.*, e.group_id as event_group, e.event_type as told
          from batch d left join artifact_events e on e.id = d.event_id
      )
      select (select count(*)::int from batch) as scanned,
             (select array[id::text] from batch order by id desc limit 1) as last,
             (select jsonb_agg(jsonb_build_object('key', d.id, 'promise', p.promise, 'found', p.found)) from judged d, lateral (values
               ('delivery_is_of_an_event', d.event_id is null or (d.event_group, d.told) is not distinct from (d.group_id, d.event_type),
                 coalesce('the event is ' || d.told || ' of ' || d.event_group, 'no such event')),
               ('pending_delivery_has_a_message', d.state <> 'pending' or exists (
                  select from outbox o where o.kind = 'deliver_webhook' and o.refs[1] = d.id and o.group_id = d.group_id), 'nothing would send it'),
               ('delivered_has_a_time', d.state <> 'delivered' or d.delivered_at is not null, 'delivered at no time'),
               ('payload_tells_of_its_event', d.event_id is null or strpos(d.payload, d.event_id::text) > 0, 'no payload, or that of another event'),
               ('attempts_are_of_the_group', not exists (select from webhook_attempts t where t.delivery_id = d.id and t.group_id <> d.group_id),
                 'an attempt of another group')
             ) as p (promise, holds, found) where p.holds is not true) as faults`,
    ),
}
