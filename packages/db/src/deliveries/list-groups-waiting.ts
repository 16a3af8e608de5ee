import type { Tx } from '../transaction.ts'

/** The groups whose events wait for a subscriber, and are not on their way, for longer than a time. */
export async function listGroupsWaiting(tx: Tx, subscriber: string, olderThanMs: number): Promise<string[]> {
  const rows = await tx<{ group_id: string }[]>`
    select distinct o.group_id
      from outbox o join webhook_deliveries d on d.id = o.refs[1]
     where o.kind = 'deliver_webhook' and o.lane = ${subscriber} and o.leased_until is null and o.quarantined_at is null
       and d.state = 'pending' and d.created_at <= now() - make_interval(secs => ${olderThanMs / 1000})`
  return rows.map(({ group_id }) => group_id)
}
