import { orRescheduled } from '../outbox/reschedule-message.ts'
import type { DeliveryState, Timestamp } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type Replay = {
  subscriber: string
  /** When the deliveries were made; `until` is not included. */
  since: Timestamp | undefined
  until: Timestamp | undefined
  states: readonly Exclude<DeliveryState, 'pending'>[]
  limit: number
}

/**
 * Sends settled deliveries of a subscriber again, the oldest first, of all groups; each keeps its webhook-id.
 * @returns how many, and when the last of them was made, if there may be more
 */
export async function replayDeliveries(
  tx: Tx,
  { subscriber, since, until, states, limit }: Replay,
): Promise<{ replayed: number; next_since: Timestamp | null }> {
  const [row] = await tx<{ replayed: number; last: Timestamp | null }[]>`
    with chosen as (
      select id, created_at from webhook_deliveries
       where subscriber = ${subscriber} and state = any (${[...states]}::text[]) and event_id is not null
             ${since === undefined ? tx`` : tx`and created_at >= ${since}::text::timestamptz`}
             ${until === undefined ? tx`` : tx`and created_at < ${until}::text::timestamptz`}
       order by created_at, id limit ${limit}
       for update skip locked
    ), replayed as (
      update webhook_deliveries d
         set state = 'pending', attempts = 0, next_attempt_at = now(), delivered_at = null
        from chosen where d.id = chosen.id and d.state <> 'pending'
      returning d.id, d.group_id
    ), announced as (
      insert into outbox as o (id, kind, lane, group_id, refs)
      select gen_random_uuid(), 'deliver_webhook', ${subscriber}, group_id, array[id] from replayed
      ${orRescheduled(tx)}
    )
    select (select count(*)::int from replayed) as replayed, (select max(created_at) from chosen) as last`
  const replayed = row?.replayed ?? 0
  return { replayed, next_since: replayed === limit ? (row?.last ?? null) : null }
}
