import type { MessageKind } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** How much of a lane is in flight, over all relays and workers, and whether more than that is due, when the database's clock said so (ms). */
export type LaneLoad = { lane: string; in_flight: number; has_due: boolean; measured_at_ms: number }

/**
 * Of each lane, counted up to a bound. What is due is found by skipping through the groups of the index, so that it does
 * not matter how much is scheduled for later; by the time of the statement, as only that can be looked up in an index.
 */
export async function measureLanes(
  tx: Tx,
  { kind, lanes, upTo }: { kind: MessageKind; lanes: readonly string[]; upTo: number },
): Promise<LaneLoad[]> {
  return await tx<LaneLoad[]>`
    with recursive groups as (
      select l.lane, (select min(o.group_id) from outbox o
                       where o.kind = ${kind} and o.lane = l.lane and o.leased_until is null and o.quarantined_at is null) as group_id
        from unnest(${[...lanes]}::text[]) as l (lane)
      union all
      select lane, (select min(o.group_id) from outbox o
                     where o.kind = ${kind} and o.lane = groups.lane and o.leased_until is null and o.quarantined_at is null
                       and o.group_id > groups.group_id)
        from groups where group_id is not null
    )
    select lane,
           (select count(*)::int from (
              select from outbox o
               where o.kind = ${kind} and o.lane = groups.lane and o.leased_until is not null and o.quarantined_at is null
               limit ${upTo}) leased) as in_flight,
           count((
             select o.id from outbox o
              where o.kind = ${kind} and o.lane = groups.lane and o.group_id = groups.group_id
                and o.leased_until is null and o.quarantined_at is null and o.due_at <= statement_timestamp()
              limit 1)) > 0 as has_due, -- "exists" would look at all lanes that have anything due
           (extract(epoch from statement_timestamp()) * 1000)::float8 as measured_at_ms
      from groups
     group by lane`
}
