import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

/** Messages whose events are placed by one call: more than a page of the feed shows. */
const AT_ONCE = 500

/**
 * Gives committed events of a group their place in the feed, for who is about to read it. Where another gives places at the moment
 * nobody waits for him: what he places is there at the next look.
 */
export async function placeEvents(tx: Tx, group_id: string, limit = AT_ONCE): Promise<void> {
  const [turn] = await tx<{ mine: boolean }[]>`
    select pg_try_advisory_xact_lock(${feedOf(tx, group_id)}) as mine
     where exists (select from outbox where kind = 'fan_out_events' and group_id = ${group_id} and not sequenced)`
  if (!turn?.mine) return
  await tx`
    with ${placedEvents(tx, group_id, limit)}
    update outbox set sequenced = true where id = any (array(select id from unplaced))`
}

/** Waits for its turn to give places (placedEvents). */
export async function lockFeed(tx: Tx, group_id: string): Promise<void> {
  await tx`select pg_advisory_xact_lock(${feedOf(tx, group_id)})`
}

/**
 * What is locked by who gives places, one of a group at a time: held until the commit, places become visible in their order, and
 * nothing can appear before one that was already read. Locked in a statement before those that place, which then see all that was
 * placed by whoever had it before.
 */
const feedOf = (tx: Tx, group_id: string) => tx`hashtextextended('keepr feed of ' || ${group_id}, 0)`

/**
 * CTEs that place the events of the group's oldest messages that have none (`unplaced`, with the columns of outbox): whoever
 * takes part has to end these messages or to note that they are sequenced. A position is the clock in microseconds, or the last
 * one plus one where that is higher (decision 0006).
 */
export const placedEvents = (tx: Tx, group_id: string, limit: number): postgres.PendingQuery<postgres.Row[]> => tx`
    unplaced as materialized (
      select id, refs, created_at
        from outbox
       where kind = 'fan_out_events' and group_id = ${group_id} and not sequenced
       order by created_at, id
       limit ${limit}
    ), last as (
      select greatest(coalesce((select max(position) from event_feed where group_id = ${group_id}), 0),
                      (extract(epoch from clock_timestamp()) * 1000000)::bigint) as position
    ), placed as (
      insert into event_feed (group_id, position, event_id)
      select ${group_id}, last.position + row_number() over (order by unplaced.created_at, unplaced.id, ref.place), ref.event_id
        from last, unplaced, unnest(unplaced.refs) with ordinality as ref (event_id, place)
      on conflict (event_id) do nothing
    )`
