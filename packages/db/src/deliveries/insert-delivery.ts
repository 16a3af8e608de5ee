import type { DeliveryRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { enqueueMessage } from '../outbox/enqueue-message.ts'

export type NewDelivery = Pick<
  DeliveryRow,
  'id' | 'group_id' | 'event_id' | 'event_type' | 'subscriber' | 'webhook_id' | 'payload'
> & {
  traceparent?: string | undefined
  /** The subscriber is disabled: recorded, so that it can be replayed, and not sent. */
  missed: boolean
}

/** One delivery per event and subscriber, however often the event is fanned out; with the message that gets it sent. */
export async function insertDelivery(tx: Tx, delivery: NewDelivery): Promise<void> {
  const { count } = await tx`
    insert into webhook_deliveries (id, group_id, event_id, event_type, subscriber, webhook_id, payload, state, traceparent)
    values (${delivery.id}, ${delivery.group_id}, ${delivery.event_id}, ${delivery.event_type}, ${delivery.subscriber},
            ${delivery.webhook_id}, ${delivery.payload}, ${delivery.missed ? 'missed' : 'pending'}, ${delivery.traceparent ?? null})
    on conflict (group_id, event_id, subscriber) where event_id is not null do nothing`
  if (count === 0 || delivery.missed) return
  await enqueueMessage(tx, {
    kind: 'deliver_webhook',
    lane: delivery.subscriber,
    group_id: delivery.group_id,
    refs: [delivery.id],
    traceparent: delivery.traceparent,
  })
}
