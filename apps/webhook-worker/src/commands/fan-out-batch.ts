import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { insertDeliveries, type NewDelivery } from '@keepr/db/deliveries/insert-deliveries'
import { type EventToAnnounce, listEventsToAnnounce } from '@keepr/db/events/list-events-to-announce'
import { lockLanes } from '@keepr/db/outbox/lock-lanes'
import { type LaneLoad, measureLanes } from '@keepr/db/outbox/measure-lanes'
import { AT_WORK_MS } from '@keepr/db/outbox/relay-bounds'
import { type EventMessage, takeEventMessages } from '@keepr/db/outbox/take-event-messages'
import type { SubscriberRow } from '@keepr/db/rows'
import { listSubscriberStates } from '@keepr/db/subscribers/list-subscriber-states'
import type { Commit, Tx } from '@keepr/db/transaction'
import { traceparentOf } from '@keepr/shared/runtime/tracing'
import type { QueueMessage } from '@keepr/shared/schemas/jobs'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import { bodyOf } from '@keepr/shared/webhooks/body-of'
import { payloadOf } from '@keepr/shared/webhooks/payload-of'
import type { Context } from '../context.ts'
import { matches, wantedBy } from '../delivery/matches.ts'
import type { Claim } from '../delivery-hand.ts'

export type EventsMessage = Pick<QueueMessage, 'group_id' | 'message_id'>

/** Changes whose events are fanned out together; each has a few events at most. */
export const BATCH = 100
/** More than one process holds of a lane. */
const COUNTED = 500

type FannedOut = {
  changes: number
  events: number
  leased: WaitingDelivery[]
  /** Subscribers that the relay has something for. */
  left: string[]
}

/**
 * Turns the events of a change, and of others of its group that wait, into deliveries: one per event and matching subscriber, with the
 * end of the messages. What there is room for is leased to this process as it is written.
 */
export async function fanOutBatch(
  ctx: Pick<Context, 'subscribers'>,
  tx: Tx,
  message: EventsMessage,
  { claim, commit }: { claim: Claim; commit: Commit },
): Promise<FannedOut> {
  const { group_id, message_id } = message
  const messages = await takeEventMessages(tx, { group_id, message_id, limit: BATCH })
  const ids = messages.flatMap(({ refs }) => refs)
  if (ids.length === 0) return { changes: 0, events: 0, leased: [], left: [] }
  const subscribers = ctx.subscribers() // one look for the whole batch: the file may be reloaded meanwhile
  const [events, states] = await Promise.all([
    listEventsToAnnounce(tx, group_id, ids, wantedBy(subscribers)),
    listSubscriberStates(tx),
  ])
  const deliveries = deliveriesOf(subscribers, events, messages)
  if (deliveries.length === 0) return { changes: messages.length, events: ids.length, leased: [], left: [] }
  const given = await leaseThoseWithRoom(tx, { claim, deliveries, states })
  const inserting = insertDeliveries(tx, group_id, given)
  commit()
  const inserted = await inserting
  const leased = inserted.filter(isLeased)
  const others = inserted.filter((delivery) => !isLeased(delivery) && !delivery.missed)
  return {
    changes: messages.length,
    events: ids.length,
    leased: leased.map((delivery) => waiting(group_id, delivery)),
    left: [...new Set(others.map(({ subscriber }) => subscriber))],
  }
}

function deliveriesOf(
  subscribers: readonly SubscriberConfig[],
  events: readonly EventToAnnounce[],
  messages: readonly EventMessage[],
): NewDelivery[] {
  const traces = new Map(
    messages.flatMap(({ refs, traceparent }) => refs.map((id) => [id, traceparentOf(traceparent)])),
  )
  return events.flatMap((event) => {
    const payload = payloadOf(event)
    const bodies = new Map<SubscriberConfig['format'], string>()
    const bodyFor = (subscriber: SubscriberConfig) => {
      const body = bodies.get(subscriber.format) ?? bodyOf(payload, subscriber)
      bodies.set(subscriber.format, body)
      return body
    }
    return subscribers
      .filter((subscriber) => matches(subscriber, event))
      .map((subscriber) => ({
        event_id: event.id,
        event_type: event.event_type,
        subscriber: subscriber.name,
        webhook_id: `msg_${event.id}_${subscriber.name}`,
        payload: bodyFor(subscriber),
        traceparent: traces.get(event.id),
      }))
  })
}

type Leasing = { claim: Claim; deliveries: readonly NewDelivery[]; states: readonly SubscriberRow[] }

/** Subscribers that do not do well are called by way of the relay, which brings no more than they can hold up. */
async function leaseThoseWithRoom(tx: Tx, { claim, deliveries, states }: Leasing): Promise<NewDelivery[]> {
  const stateOf = new Map(states.map((row) => [row.name, row]))
  const mayBeHeld = ({ subscriber }: NewDelivery) => {
    const { state = 'active', failing_since = null } = stateOf.get(subscriber) ?? {}
    return state === 'active' && failing_since === null
  }
  const room = await claim.room(deliveries.filter(mayBeHeld), (lanes) => measureAlone(tx, lanes))
  return deliveries.map((delivery) => ({
    ...delivery,
    lease_ms: room.has(delivery) ? AT_WORK_MS : undefined,
    missed: stateOf.get(delivery.subscriber)?.state === 'disabled',
  }))
}

/** Those that nobody else fans out for meanwhile; he would not see what is leased here before it is committed. */
async function measureAlone(tx: Tx, lanes: string[]): Promise<LaneLoad[]> {
  const [own, loads] = await Promise.all([
    lockLanes(tx, lanes),
    measureLanes(tx, { kind: 'deliver_webhook', lanes, upTo: COUNTED }),
  ])
  return loads.filter(({ lane }) => own.includes(lane))
}

const isLeased = ({ lease_ms }: NewDelivery) => lease_ms !== undefined

const waiting = (group_id: string, delivery: NewDelivery & { id: string }): WaitingDelivery => ({
  id: delivery.id,
  group_id,
  event_id: delivery.event_id,
  subscriber: delivery.subscriber,
  webhook_id: delivery.webhook_id,
  payload: delivery.payload,
  attempts: 0,
  traceparent: delivery.traceparent ?? null,
  subscriber_state: 'active',
  failing: false,
  age_ms: 0,
})
