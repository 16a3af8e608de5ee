import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

type Fragment = postgres.PendingQuery<postgres.Row[]>

/**
 * The deliveries of a group that wait for a subscriber and are not on their way: so many of those that are due next, and of those
 * that are parked the oldest (their messages stand in the order of their age). However many wait, no more is read.
 */
export function firstWaiting(tx: Tx, asked: { subscriber: string; group: Fragment; limit: number }): Fragment {
  const messages = tx`
    select refs[1] as id from outbox
     where kind = 'deliver_webhook' and lane = ${asked.subscriber} and group_id = ${asked.group}
       and leased_until is null and quarantined_at is null`
  const first = tx`order by due_at limit ${asked.limit}`
  const parked = tx`statement_timestamp() + interval '10 years'`
  return tx`
    (${messages} and due_at <= ${parked} ${first}) union all (${messages} and due_at > ${parked} ${first})`
}
