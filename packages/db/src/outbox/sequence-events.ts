import type { Tx } from '../transaction.ts'

/**
 * Gives committed events their place in the feed, one sequencer at a time: since the lock is held until the commit,
 * places become visible in their order and nothing can appear before one that was already read. Both statements make one flight: the
 * second begins when the first is done, and sees all that was committed by whoever had the lock before. Where it gives no
 * place, the commit waits for no disk.
 * @returns how many messages were sequenced (less than `limit` means that nothing is left); undefined when another relay
 * is at it, which may not have seen what was committed last
 */
export async function sequenceEvents(tx: Tx, limit: number): Promise<number | undefined> {
  const [, [count]] = await Promise.all([
    tx`
    select set_config('keepr.sequences', pg_try_advisory_xact_lock(hashtextextended('keepr event_feed', 0))::text, true)`.execute(),
    tx<{ sequenced: number; sequences: boolean }[]>`
    with batch as (
      select id, group_id, refs, created_at
        from outbox
       where kind = 'fan_out_events' and not sequenced and current_setting('keepr.sequences') = 'true'
       order by created_at, id
       limit ${limit}
    ), last as (
      select greatest(coalesce((select max(position) from event_feed), 0),
                      (extract(epoch from clock_timestamp()) * 1000000)::bigint) as position
    ), placed as (
      insert into event_feed (group_id, position, event_id)
      select batch.group_id, last.position + row_number() over (order by batch.created_at, batch.id, ref.place), ref.event_id
        from last, batch, unnest(batch.refs) with ordinality as ref (event_id, place)
      on conflict (event_id) do nothing
    ), marked as (
      update outbox set sequenced = true where id = any (array(select id from batch)) returning 1
    )
    select count(*)::int as sequenced, current_setting('keepr.sequences') = 'true' as sequences,
           set_config('synchronous_commit', case when count(*) = 0 then 'off' else current_setting('synchronous_commit') end, true)
      from marked`,
  ])
  return count?.sequences ? count.sequenced : undefined
}
