import { insertDeliveries, type NewDelivery } from '@keepr/db/deliveries/insert-deliveries'
import { type EventToAnnounce, listEventsToAnnounce } from '@keepr/db/events/list-events-to-announce'
import { takeEventMessages } from '@keepr/db/outbox/take-event-messages'
import { listSubscriberStates } from '@keepr/db/subscribers/list-subscriber-states'
import type { Tx } from '@keepr/db/transaction'
import { traceparentOf } from '@keepr/shared/runtime/tracing'
import type { QueueMessage } from '@keepr/shared/schemas/jobs'
import { bodyOf } from '@keepr/shared/webhooks/body-of'
import { payloadOf } from '@keepr/shared/webhooks/payload-of'
import type { Context } from '../context.ts'
import { matches } from '../delivery/matches.ts'

/** Changes whose events are fanned out together; each has a few events at most. */
const BATCH = 100
/** So long one wake-up is used for a group that has more waiting; then other groups have their turn. */
const STINT_MS = 2000

/**
 * Turns the events of a change, and of others of its group that wait, into deliveries: one per event and matching
 * subscriber, in one transaction with the end of the messages, so that a job that dies or runs twice leaves each once.
 */
export const fanOutEvents = (ctx: Context) => async (message: QueueMessage, signal?: AbortSignal) => {
  const endsAt = performance.now() + STINT_MS
  for (let changes = BATCH; changes >= BATCH;) {
    const fannedOut = await ctx.db.withService(message.group_id, (tx) => fanOutBatch(ctx, tx, message))
    if (fannedOut.events === 0) return // done before
    ctx.metrics.fannedOut.inc(fannedOut.events)
    ctx.relay.nudge()
    if (signal?.aborted || performance.now() > endsAt) return
    changes = fannedOut.changes
  }
}

async function fanOutBatch(ctx: Context, tx: Tx, { group_id, message_id }: QueueMessage) {
  const messages = await takeEventMessages(tx, { group_id, message_id, limit: BATCH })
  const ids = messages.flatMap(({ refs }) => refs)
  if (ids.length === 0) return { changes: 0, events: 0 }
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
  return { changes: messages.length, events: ids.length }
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
