import type { DeliveryRow, SubscriberState } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** A delivery that is still to be made, with how its subscriber does. */
export type WaitingDelivery = Pick<
  DeliveryRow,
  'id' | 'group_id' | 'event_id' | 'subscriber' | 'webhook_id' | 'payload' | 'attempts' | 'traceparent'
> & { subscriber_state: SubscriberState; failing: boolean; age_ms: number }

/** Deliveries that are still to be made; those that were made, given up, or pruned are left out. */
export async function findWaitingDeliveries(tx: Tx, ids: readonly string[]): Promise<WaitingDelivery[]> {
  return await tx<WaitingDelivery[]>`
    select d.id, d.group_id, d.event_id, d.subscriber, d.webhook_id, d.payload, d.attempts, d.traceparent,
           coalesce(s.state, 'active') as subscriber_state, s.failing_since is not null as failing,
           (extract(epoch from now() - d.created_at) * 1000)::float8 as age_ms
      from webhook_deliveries d
      left join webhook_subscribers s on s.name = d.subscriber
     where d.id = any (${[...ids]}::uuid[]) and d.state = 'pending'`
}
