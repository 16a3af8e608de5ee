import type { Tx } from '../transaction.ts'

/** The subscribers that have deliveries waiting which are not on their way, found by skipping through the index. */
export async function listSubscribersWaitedFor(tx: Tx): Promise<string[]> {
  const rows = await tx<{ subscriber: string }[]>`
    with recursive waiting as (
      (select lane from outbox
        where kind = 'deliver_webhook' and leased_until is null and quarantined_at is null order by lane limit 1)
      union all
      select (select o.lane from outbox o
               where o.kind = 'deliver_webhook' and o.leased_until is null and o.quarantined_at is null
                 and o.lane > waiting.lane order by o.lane limit 1)
        from waiting where waiting.lane is not null
    )
    select lane as subscriber from waiting where lane is not null`
  return rows.map(({ subscriber }) => subscriber)
}
