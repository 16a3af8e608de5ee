import type { Tx } from '../transaction.ts'
import { messagesOf } from '../outbox/messages-of.ts'
import { firstWaiting } from './first-waiting.ts'

/**
 * Settles pending deliveries of a subscriber as missed: it was removed or disabled, or paused for longer than deliveries
 * are tried. They are recorded, can be replayed, and nothing wakes them any more. Looks at those on their way and at as many
 * that wait as it may settle at once.
 * @returns how many
 */
export async function missDeliveries(
  tx: Tx,
  { group_id, subscriber, olderThanMs }: { group_id: string; subscriber: string; olderThanMs: number },
  limit: number,
): Promise<number> {
  const refs = tx`array(select id from missed)`
  const [row] = await tx<{ missed: number }[]>`
    with waiting as (
      select refs[1] as id from outbox
       where kind = 'deliver_webhook' and lane = ${subscriber} and group_id = ${group_id}
         and leased_until is not null and quarantined_at is null
      union all
      ${firstWaiting(tx, { subscriber, group: tx`${group_id}`, limit })}
    ), chosen as (
      select d.id from waiting join webhook_deliveries d on d.id = waiting.id
       where d.state = 'pending' and d.created_at <= now() - make_interval(secs => ${olderThanMs / 1000})
       limit ${limit}
       for update of d skip locked
    ), missed as (
      update webhook_deliveries d set state = 'missed', next_attempt_at = null
        from chosen where d.id = chosen.id and d.state = 'pending'
      returning d.id
    ), forgotten as (
      delete from outbox where id = any (${messagesOf(tx, { kind: 'deliver_webhook', group_id, refs })})
    )
    select count(*)::int as missed from missed`
  return row?.missed ?? 0
}
