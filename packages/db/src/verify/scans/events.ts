import { type BatchRow, nilUuid, type Scan, toBatch } from '../scan.ts'

/** Each event is of an artifact that exists (or of a draft that was discarded), and is in the feed or on its way there. */
export const events: Scan = {
  table: 'artifact_events',
  first: [nilUuid],
  batch: async (sql, [after = nilUuid], { rows }) =>
    toBatch(
      await sql<BatchRow[]>`
      with batch as materialized (
        select * from artifact_events where id > ${after} order by id limit ${rows}
      )
      select (select count(*)::int from batch) as scanned,
             (select array[id::text] from batch order by id desc limit 1) as last,
             (select jsonb_agg(jsonb_build_object('key', e.id, 'promise', p.promise, 'found', p.found)) from batch e, lateral (values
               ('event_is_of_an_artifact', exists (select from artifact_versions v
                  where v.group_id = e.group_id and v.artifact_id = e.artifact_id and (v.type, v.name, v.version, v.created_by) = (e.type, e.name, e.version, e.created_by))
                  or exists (select from artifact_events d
                  where d.group_id = e.group_id and d.artifact_id = e.artifact_id and d.event_type = 'discarded'), 'an unknown artifact'),
               ('event_is_of_a_name', exists (select from artifact_names n
                  where n.group_id = e.group_id and n.type = e.type and n.name = e.name), 'an unknown name'),
               ('event_reaches_the_feed', exists (select from event_feed f where f.event_id = e.id)
                  or exists (select from outbox o where o.kind = 'fan_out_events' and not o.sequenced and e.id = any (o.refs)),
                 'neither in the feed nor waiting to be')
             ) as p (promise, holds, found) where p.holds is not true) as faults`,
    ),
}
