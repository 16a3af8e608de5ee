import { lockFeed, placedEvents } from '../events/place-events.ts'
import type { OutboxRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type EventMessage = Pick<OutboxRow, 'refs' | 'traceparent'>

/**
 * Ends a message of events in the transaction of its effect, and with it others of the group that wait and that no one was
 * woken for: many small changes are fanned out together. Their events get their place in the feed with it, oldest first; what
 * would have it before older ones waits for its turn.
 * @returns also those others when the message itself was ended before
 */
export async function takeEventMessages(
  tx: Tx,
  { group_id, message_id, limit }: { group_id: string; message_id: string; limit: number },
): Promise<EventMessage[]> {
  const [, messages] = await Promise.all([
    lockFeed(tx, group_id),
    tx<EventMessage[]>`
    with ${placedEvents(tx, group_id, limit)}, others as materialized (
      select id from outbox
       where kind = 'fan_out_events' and lane = 'events' and group_id = ${group_id} and leased_until is null
         and quarantined_at is null and id <> ${message_id} and (sequenced or id in (select id from unplaced))
       order by due_at limit ${limit}
       for update skip locked
    ), taken as (
      delete from outbox
       where id = any (array(select id from others union all select ${message_id}::uuid))
         and kind = 'fan_out_events' and group_id = ${group_id} and (sequenced or id in (select id from unplaced))
      returning id, refs, traceparent
    ), left_behind as (
      update outbox set sequenced = true
       where id = any (array(select id from unplaced where id <> ${message_id} except select id from others))
    )
    select refs, traceparent from taken`,
  ])
  return messages
}
