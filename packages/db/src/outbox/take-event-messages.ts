import type { OutboxRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type EventMessage = Pick<OutboxRow, 'refs' | 'traceparent'>

/**
 * Ends a message of events in the transaction of its effect, and with it others of the group that wait and that no one was
 * woken for: many small changes are fanned out together. Only those that have their place in the feed.
 * @returns also those others when the message itself was ended before
 */
export async function takeEventMessages(
  tx: Tx,
  { group_id, message_id, limit }: { group_id: string; message_id: string; limit: number },
): Promise<EventMessage[]> {
  return await tx<EventMessage[]>`
    with own as (
      delete from outbox where id = ${message_id} and kind = 'fan_out_events' and group_id = ${group_id} and sequenced
      returning refs, traceparent
    ), others as (
      delete from outbox
       where id = any (array(
         select id from outbox
          where kind = 'fan_out_events' and lane = 'events' and group_id = ${group_id} and leased_until is null
            and quarantined_at is null and sequenced and id <> ${message_id}
          order by due_at limit ${limit}
          for update skip locked))
      returning refs, traceparent
    )
    select refs, traceparent from own union all select refs, traceparent from others`
}
