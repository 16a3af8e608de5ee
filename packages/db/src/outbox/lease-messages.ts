import type { MessageKind, OutboxRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type LeaseOptions = {
  kind: MessageKind
  /** One lane only; all if left out. */
  lane?: string
  /** How many messages of one lane may be in flight at once, over all relays. */
  perLane: number
  /**
   * Lanes (all if left out) whose workers go on by themselves: so many of one in flight may have been leased for as long as this
   * within the last second.
   */
  inTurn?: { lanes?: readonly string[] | undefined; wakes: number }
  /** Lanes of which whoever is woken for one message takes what else waits of its group: no other is leased so soon. */
  together?: readonly string[]
  /** How many messages to take at most. */
  limit: number
  leaseMs: number
}

/** So long a wake-up counts as a recent one: who was woken for many has them for itself meanwhile, and may have died since. */
const RECENT_MS = 1000

/**
 * Leases messages that are due: from every lane as many as it has room for, and within a lane one of each group in
 * turn, counting what the group has in flight, so that a group with a long backlog delays no other. Lanes and groups are found by skipping through the index,
 * and what is due by the time of the statement, which an index can be asked for, so that neither the backlog's length nor
 * what is scheduled for later matters. Two relays never lease the same message (skip locked).
 */
export async function leaseMessages(
  tx: Tx,
  { kind, lane, perLane, inTurn = { lanes: [], wakes: 0 }, together = [], limit, leaseMs }: LeaseOptions,
): Promise<OutboxRow[]> {
  const recentFrom = tx`statement_timestamp() + make_interval(secs => ${(leaseMs - RECENT_MS) / 1000})`
  return await tx<OutboxRow[]>`
    with recursive lanes as (
      (select lane from outbox
        where kind = ${kind} and leased_until is null and quarantined_at is null
              ${lane === undefined ? tx`` : tx`and lane = ${lane}`}
        order by lane limit 1)
      union all
      select (select o.lane from outbox o
               where o.kind = ${kind} and o.leased_until is null and o.quarantined_at is null and o.lane > lanes.lane
               order by o.lane limit 1)
        from lanes where lanes.lane is not null ${lane === undefined ? tx`` : tx`and false`}
    ), in_flight as materialized (
      select lanes.lane, leased.group_id, count(leased.group_id) as messages,
             count(*) filter (where leased.leased_until between ${recentFrom} and statement_timestamp() + make_interval(secs => ${leaseMs / 1000})) as recent
        from lanes left join lateral (
          select o.group_id, o.leased_until from outbox o
           where o.kind = ${kind} and o.lane = lanes.lane and o.leased_until is not null and o.quarantined_at is null
           limit ${perLane}) leased on true
       where lanes.lane is not null
       group by lanes.lane, leased.group_id
    ), room as (
      select lane, least(${limit}::int, ${perLane}::int - sum(messages),
                         case when ${inTurn.lanes === undefined} or lane = any (${[...(inTurn.lanes ?? [])]}::text[]) then ${inTurn.wakes}::int - sum(recent) end)::int as free
        from in_flight group by lane
    ), groups as (
      select lane, free, (select min(o.group_id) from outbox o
                           where o.kind = ${kind} and o.lane = room.lane and o.leased_until is null and o.quarantined_at is null) as group_id
        from room where free > 0
      union all
      select lane, free, (select min(o.group_id) from outbox o
                           where o.kind = ${kind} and o.lane = groups.lane and o.leased_until is null and o.quarantined_at is null
                             and o.group_id > groups.group_id)
        from groups where group_id is not null
    ), candidates as (
      select due.id, due.due_at, groups.lane, groups.free,
             row_number() over (partition by groups.lane, groups.group_id order by due.due_at) + coalesce((
               select f.messages from in_flight f where f.lane = groups.lane and f.group_id = groups.group_id), 0) as turn
        from groups, lateral (
          select o.id, o.due_at from outbox o
           where o.kind = ${kind} and o.lane = groups.lane and o.group_id = groups.group_id
             and o.leased_until is null and o.quarantined_at is null and o.due_at <= statement_timestamp()
           order by o.due_at limit case
             when groups.lane <> all (${[...together]}::text[]) then groups.free
             when exists (select from outbox o
                           where o.kind = ${kind} and o.lane = groups.lane and o.group_id = groups.group_id
                             and o.leased_until > ${recentFrom}
                             and o.quarantined_at is null) then 0
             else 1 end) due
       where groups.group_id is not null
    ), fair as (
      select id, turn, due_at, free, row_number() over (partition by lane order by turn, due_at) as place from candidates
    ), chosen as (
      select id from outbox
       where id = any (array(select id from fair where place <= free order by turn, due_at limit ${limit}))
         and leased_until is null
       for update skip locked
    )
    update outbox o
       set leased_until = clock_timestamp() + make_interval(secs => ${leaseMs / 1000})
     where o.id = any (array(select id from chosen))
    returning o.id, o.kind, o.lane, o.group_id, o.refs, o.due_at, o.generation, o.failures, o.traceparent`
}
