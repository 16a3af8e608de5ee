import { insertDeliveries, type NewDelivery } from '@keepr/db/deliveries/insert-deliveries'
import { type EventToAnnounce, listEventsToAnnounce } from '@keepr/db/events/list-events-to-announce'
import { takeEventMessages } from '@keepr/db/outbox/take-event-messages'
import { listSubscriberStates } from '@keepr/db/subscribers/list-subscriber-states'
import { traceparentOf } from '@keepr/shared/runtime/tracing'
import type { QueueMessage } from '@keepr/shared/schemas/jobs'
import { bodyOf } from '@keepr/shared/webhooks/body-of'
import { payloadOf } from '@keepr/shared/webhooks/payload-of'
import type { Context } from '../context.ts'
import { matches } from '../delivery/matches.ts'

/** Changes whose events are fanned out together; each has a few events at most. */
const BATCH = 100

/**
 * Turns the events of a change, and of others of its group that wait, into deliveries: one per event and matching
 * subscriber, in one transaction with the end of the messages, so that a job that dies or runs twice leaves each once.
 */
export const fanOutEvents =
  (ctx: Context) =>
  async ({ group_id, message_id }: QueueMessage) => {
    const count = await ctx.db.withService(group_id, async (tx) => {
      const messages = await takeEventMessages(tx, { group_id, message_id, limit: BATCH })
      const ids = messages.flatMap(({ refs }) => refs)
      if (ids.length === 0) return 0 // done before
      const [events, states] = await Promise.all([listEventsToAnnounce(tx, group_id, ids), listSubscriberStates(tx)])
      const disabled = new Set(states.filter(({ state }) => state === 'disabled').map(({ name }) => name))
      const traces = new Map(
        messages.flatMap(({ refs, traceparent }) => refs.map((id) => [id, traceparentOf(traceparent)])),
      )
      const deliveries = events.flatMap((event) => deliveriesOf(ctx, event, traces.get(event.id)))
      if (deliveries.length > 0)
        await insertDeliveries(
          tx,
          group_id,
          deliveries.map((delivery) => ({ ...delivery, missed: disabled.has(delivery.subscriber) })),
        )
      return ids.length
    })
    if (count === 0) return
    ctx.metrics.fannedOut.inc(count)
    ctx.relay.nudge()
  }

function deliveriesOf(ctx: Context, event: EventToAnnounce, traceparent: string | undefined): NewDelivery[] {
  return ctx
    .subscribers()
    .filter((subscriber) => matches(subscriber, event))
    .map((subscriber) => ({
      event_id: event.id,
      event_type: event.event_type,
      subscriber: subscriber.name,
      webhook_id: `msg_${event.id}_${subscriber.name}`,
      payload: bodyOf(payloadOf(event), subscriber),
      traceparent,
    }))
}
