import type { Tx } from '../transaction.ts'
import { firstWaiting } from './first-waiting.ts'

/** Of each group. */
const LOOKED_AT = 100

/** The groups whose events wait for a subscriber, and are not on their way, for longer than a time. */
export async function listGroupsWaiting(tx: Tx, subscriber: string, olderThanMs: number): Promise<string[]> {
  const first = firstWaiting(tx, { subscriber, group: tx`waiting.group_id`, limit: LOOKED_AT })
  const rows = await tx<{ group_id: string }[]>`
    with recursive waiting as (
      (select group_id from outbox
        where kind = 'deliver_webhook' and lane = ${subscriber} and leased_until is null and quarantined_at is null
        order by group_id limit 1)
      union all
      select (select o.group_id from outbox o
               where o.kind = 'deliver_webhook' and o.lane = ${subscriber} and o.leased_until is null and o.quarantined_at is null
                 and o.group_id > waiting.group_id order by o.group_id limit 1)
        from waiting where waiting.group_id is not null
    )
    select group_id from waiting
     where group_id is not null and exists (
       select from (${first}) first join webhook_deliveries d on d.id = first.id
        where d.state = 'pending' and d.created_at <= now() - make_interval(secs => ${olderThanMs / 1000}))`
  return rows.map(({ group_id }) => group_id)
}
