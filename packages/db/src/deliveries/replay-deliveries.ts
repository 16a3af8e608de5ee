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
 * One call looks through about so many deliveries, and no further: of millions few may have failed, and no index tells which (0026).
 * Many times what one transaction writes, so that a call always gets on.
 */
const LOOKED_AT = 50_000

/**
 * Sends settled deliveries of a subscriber again, the oldest first, of all groups; each keeps its webhook-id.
 * @returns how many, and since when there may be more
 */
export async function replayDeliveries(
  tx: Tx,
  wanted: Replay,
): Promise<{ replayed: number; next_since: Timestamp | null }> {
  const { subscriber, states, limit } = wanted
  const [beyond] = await tx<{ created_at: Timestamp }[]>`
    select created_at from webhook_deliveries where ${within(tx, wanted)} order by created_at offset ${LOOKED_AT} limit 1`
  const reached = { ...wanted, until: beyond?.created_at ?? wanted.until }
  const [row] = await tx<{ replayed: number; last: Timestamp | null }[]>`
    with chosen as (
      select id, created_at from webhook_deliveries
       where ${within(tx, reached)} and state = any (${[...states]}::text[]) and event_id is not null
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
  return { replayed, next_since: (replayed === limit ? row?.last : beyond?.created_at) ?? null }
}

const within = (tx: Tx, { subscriber, since, until }: Replay) => tx`
  subscriber = ${subscriber}
  ${since === undefined ? tx`` : tx`and created_at >= ${since}::text::timestamptz`}
  ${until === undefined ? tx`` : tx`and created_at < ${until}::text::timestamptz`}`
