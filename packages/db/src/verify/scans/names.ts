import { type BatchRow, type Scan, toBatch } from '../scan.ts'

/** The events of a name: numbered without a gap, each move one that the lifecycle knows, told by the feed in their order. */
export const names: Scan = {
  table: 'artifact_names',
  first: ['', '', ''],
  batch: async (sql, [group = '', type = '', name = ''], { rows }) =>
    toBatch(
      await sql<BatchRow[]>`
      with batch as materialized (
        select * from artifact_names
         where (group_id, type, name) > (${group}, ${type}, ${name}) order by group_id, type, name limit ${rows}
      ), told as (
        select n.*, e.count, e.first, e.last, e.forbidden, e.disordered
          from batch n
          left join lateral (
            select count(*) as count, min(sequence) as first, max(sequence) as last,
                   min(sequence) filter (where before <> status and not lifecycle_allows(before, status)) as forbidden,
                   min(sequence) filter (where position < position_before) as disordered
              from (
                select e.sequence, e.status, f.position, lag(e.status) over (partition by e.artifact_id order by e.sequence) as before,
                       max(f.position) over (order by e.sequence rows between unbounded preceding and 1 preceding) as position_before
                  from artifact_events e
                  left join event_feed f on f.event_id = e.id
                 where e.group_id = n.group_id and e.type = n.type and e.name = n.name) moves) e on true
      )
      select (select count(*)::int from batch) as scanned,
             (select array[group_id, type, name] from batch order by group_id desc, type desc, name desc limit 1) as last,
             (select jsonb_agg(jsonb_build_object('key', concat_ws(' ', n.group_id, n.type, n.name), 'promise', p.promise, 'found', p.found)) from told n, lateral (values
               ('sequence_has_no_gap', n.count = n.last_sequence and (n.count = 0 or (n.first = 1 and n.last = n.last_sequence)),
                 n.count || ' events from ' || coalesce(n.first, 0) || ' to ' || coalesce(n.last, 0) || ', counted to ' || n.last_sequence),
               ('events_follow_the_lifecycle', n.forbidden is null, 'event ' || n.forbidden || ' tells of a move that does not exist'),
               ('feed_keeps_the_order_of_a_name', n.disordered is null, 'event ' || n.disordered || ' stands before an earlier one')
             ) as p (promise, holds, found) where p.holds is not true) as faults`,
    ),
}
