import { randomUUIDv7 } from 'node:crypto'
import { insertDelivery } from '@keepr/db/deliveries/insert-delivery'
import { listEventsToAnnounce } from '@keepr/db/events/list-events-to-announce'
import { finishMessage } from '@keepr/db/outbox/finish-message'
import { listSubscriberStates } from '@keepr/db/subscribers/subscriber-state'
import type { QueueMessage } from '@keepr/shared/schemas/jobs'
import type { Context } from '../context.ts'
import { matches } from '../delivery/matches.ts'
import { bodyOf } from '@keepr/shared/webhooks/body-of'
import { payloadOf } from '@keepr/shared/webhooks/payload-of'

/**
 * Turns the events of one change into deliveries: one per event and matching subscriber, in one transaction with the end of
 * the message, so that a job that dies or runs twice leaves each delivery once.
 */
export const fanOutEvents = (ctx: Context) => async (message: QueueMessage) => {
  const [ref] = message.refs
  if (ref === undefined) return
  await ctx.db.withService(message.group_id, async (tx) => {
    const events = await listEventsToAnnounce(tx, message.group_id, message.refs)
    const told = events.flatMap((event) =>
      ctx
        .subscribers()
        .filter((subscriber) => matches(subscriber, event))
        .map((subscriber) => ({ event, subscriber })),
    )
    const disabled = told.length === 0 ? new Set<string>() : await disabledSubscribers(tx)
    for (const { event, subscriber } of told)
      await insertDelivery(tx, {
        id: randomUUIDv7(),
        group_id: event.group_id,
        event_id: event.id,
        event_type: event.event_type,
        subscriber: subscriber.name,
        webhook_id: `msg_${event.id}_${subscriber.name}`,
        payload: bodyOf(payloadOf(event), subscriber),
        traceparent: message.traceparent,
        missed: disabled.has(subscriber.name),
      })
    await finishMessage(tx, 'fan_out_events', ref)
  })
  ctx.metrics.fannedOut.inc(message.refs.length)
  ctx.relay.nudge()
}

async function disabledSubscribers(tx: Parameters<typeof listSubscriberStates>[0]): Promise<Set<string>> {
  const states = await listSubscriberStates(tx)
  return new Set(states.filter(({ state }) => state === 'disabled').map(({ name }) => name))
}
