import type { ListedDelivery } from '@keepr/db/deliveries/list-deliveries'

type Viewed = Omit<ListedDelivery, 'attempt_records'> & Partial<Pick<ListedDelivery, 'attempt_records'>>

/** A delivery as it is told, without its payload. */
export const viewDelivery = (delivery: Viewed) => ({
  id: delivery.id,
  event_id: delivery.event_id,
  event_type: delivery.event_type,
  subscriber: delivery.subscriber,
  webhook_id: delivery.webhook_id,
  status: delivery.state,
  attempt_count: delivery.attempts,
  ...(delivery.attempt_records ? { attempts: delivery.attempt_records } : {}),
  next_attempt_at: delivery.next_attempt_at,
  delivered_at: delivery.delivered_at,
  created_at: delivery.created_at,
})
