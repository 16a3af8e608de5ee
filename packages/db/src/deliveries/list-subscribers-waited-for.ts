import type { Tx } from '../transaction.ts'

/** The subscribers that have pending deliveries, found by skipping through the index. */
export async function listSubscribersWaitedFor(tx: Tx): Promise<string[]> {
  const rows = await tx<{ subscriber: string }[]>`
    with recursive waiting as (
      (select subscriber from webhook_deliveries where state = 'pending' order by subscriber limit 1)
      union all
      select (select d.subscriber from webhook_deliveries d
               where d.state = 'pending' and d.subscriber > waiting.subscriber order by d.subscriber limit 1)
        from waiting where waiting.subscriber is not null
    )
    select subscriber from waiting where subscriber is not null`
  return rows.map(({ subscriber }) => subscriber)
}
