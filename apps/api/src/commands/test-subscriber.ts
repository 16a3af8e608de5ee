import { randomUUIDv7 } from 'node:crypto'
import { insertDeliveries } from '@keepr/db/deliveries/insert-deliveries'
import { insertOperationalEvent } from '@keepr/db/operational-events/insert-operational-event'
import type { Tx } from '@keepr/db/transaction'
import type { Actor } from '@keepr/shared/domain/actor'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import { bodyOf } from '@keepr/shared/webhooks/body-of'
import { samplePayload } from '@keepr/shared/webhooks/sample-payload'
import { requireActiveSubscriber } from './require-active-subscriber.ts'

export type Sample = { event_type: string; webhook_id: string }

/** Sends a subscriber a sample of each event that it wants, marked as a test; of the operator's own group. */
export async function testSubscriber(tx: Tx, operator: Actor, subscriber: SubscriberConfig): Promise<Sample[]> {
  await requireActiveSubscriber(tx, subscriber.name)
  const at = new Date()
  const samples = subscriber.events.map((event_type) => {
    const event_id = randomUUIDv7()
    const of = { event_id, group_id: operator.groupId, actor: operator.userId, at }
    return { event_type, webhook_id: `msg_${event_id}`, payload: bodyOf(samplePayload(event_type, of), subscriber) }
  })
  await insertDeliveries(
    tx,
    operator.groupId,
    samples.map((sample) => ({ ...sample, event_id: null, subscriber: subscriber.name })),
  )
  await insertOperationalEvent(tx, {
    event_type: 'subscriber_tested',
    subject: subscriber.name,
    actor: operator.userId,
    event_data: { count: samples.length },
  })
  return samples.map(({ event_type, webhook_id }) => ({ event_type, webhook_id }))
}
