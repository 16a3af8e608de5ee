import { type BatchRow, type Scan, toBatch } from '../scan.ts'

/** Each place of the feed belongs to an event of the same group. */
export const feed: Scan = {
  table: 'event_feed',
  first: ['', '-1'],
  batch: async (sql, [group = '', after = '-1'], { rows }) =>
    toBatch(
      await sql<BatchRow[]>`
      with batch as materialized (
        select * from event_feed
         where (group_id, position) > (${group}, ${after}::text::bigint) order by group_id, position limit ${rows}
      )
      select (select count(*)::int from batch) as scanned,
             (select array[group_id, position::text] from batch order by group_id desc, position desc limit 1) as last,
             (select jsonb_agg(jsonb_build_object('key', f.group_id || ' ' || f.position, 'promise', 'feed_tells_of_events_of_the_group',
                                                  'found', coalesce('an event of ' || e.group_id, 'no such event')))
                from batch f left join artifact_events e on e.id = f.event_id
               where e.group_id is distinct from f.group_id) as faults`,
    ),
}
