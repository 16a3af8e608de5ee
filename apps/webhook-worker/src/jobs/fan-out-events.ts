import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { insertDeliveries, type NewDelivery } from '@keepr/db/deliveries/insert-deliveries'
import { type EventToAnnounce, listEventsToAnnounce } from '@keepr/db/events/list-events-to-announce'
import { lockLanes } from '@keepr/db/outbox/lock-lanes'
import { type LaneLoad, measureLanes } from '@keepr/db/outbox/measure-lanes'
import { CROWD, GATHERING_MS, giveBackWakeUp, takeWakeUp } from '@keepr/db/outbox/take-wake-up'
import { type EventMessage, takeEventMessages } from '@keepr/db/outbox/take-event-messages'
import { listSubscriberStates } from '@keepr/db/subscribers/list-subscriber-states'
import type { OutboxRow, SubscriberRow } from '@keepr/db/rows'
import type { Commit, Tx } from '@keepr/db/transaction'
import { pause } from '@keepr/shared/runtime/pause'
import { inSpan, traceparentOf } from '@keepr/shared/runtime/tracing'
import type { QueueMessage } from '@keepr/shared/schemas/jobs'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import { bodyOf } from '@keepr/shared/webhooks/body-of'
import { payloadOf } from '@keepr/shared/webhooks/payload-of'
import type { Context } from '../context.ts'
import { leaseMsOf, LONGEST_HELD_MS } from '../delivery/lease-ms.ts'
import { matches, wantedBy } from '../delivery/matches.ts'
import { turnsByKey } from '../delivery/turns-by-key.ts'
import type { Claim, DeliveryHand } from '../delivery-hand.ts'

type Message = Pick<QueueMessage, 'group_id' | 'message_id'>

/** Changes whose events are fanned out together; each has a few events at most. */
const BATCH = 100
/** So long one wake-up is used for a group that has more waiting; then other groups have their turn. */
const STINT_MS = 2000
const NEVER = new AbortController().signal
/** More than one process holds of a lane. */
const COUNTED = 500

/**
 * Turns the events of a change, and of others of its group that wait, into deliveries: one per event and matching
 * subscriber, in one transaction with the end of the messages, so that a job that dies or runs twice leaves each once.
 * What there is room for is made by this process; the relay brings the rest to whoever has time. Where there were many, the next
 * are taken over without the queue, once some have gathered.
 */
export function fanOutEvents(ctx: Context, hand: Pick<DeliveryHand, 'claim'>) {
  const inTurn = turnsByKey()
  // Jobs of one group would only take each other's room.
  const fanOut = (message: Message) => inTurn(message.group_id, () => fanOutAndTake(ctx, hand, message))

  async function fanOutAll(message: Message, goesOn: () => boolean): Promise<number> {
    let changes = 0
    do changes = await fanOut(message)
    while (changes >= BATCH && goesOn())
    return changes
  }

  /** What was taken over is not the queue's to try again: the message that it knows is done. */
  async function fanOutNext(next: OutboxRow, goesOn: () => boolean): Promise<number> {
    const span = { parent: next.traceparent, attributes: { 'messaging.message.id': next.id } }
    const { group_id, id: message_id } = next
    try {
      return await inSpan('fan out in turn', span, () => fanOutAll({ group_id, message_id }, goesOn))
    } catch (error) {
      ctx.log.error({ err: error, message_id }, 'events were not fanned out, and are left to others')
      await giveBackWakeUp(ctx, next)
      return 0
    }
  }

  return async (woken: QueueMessage, signal?: AbortSignal): Promise<void> => {
    const endsAt = performance.now() + STINT_MS
    const goesOn = () => !signal?.aborted && performance.now() < endsAt
    let changes = await fanOutAll(woken, goesOn)
    for (let { group_id } = woken; changes >= CROWD && goesOn();) {
      const next = await takeWakeUp(ctx.db, 'fan_out_events', 'events')
      if (!next) return
      if (next.group_id === group_id) await pause(GATHERING_MS, signal ?? NEVER)
      changes = await fanOutNext(next, goesOn)
      group_id = next.group_id
    }
  }
}

/** @returns how many changes were fanned out */
async function fanOutAndTake(ctx: Context, hand: Pick<DeliveryHand, 'claim'>, message: Message): Promise<number> {
  using claim = hand.claim()
  const { changes, events, leased, left } = await ctx.db.withService(message.group_id, (tx, commit) =>
    fanOutBatch(ctx, tx, message, { claim, commit }),
  )
  if (events === 0) return 0 // by another
  ctx.metrics.fannedOut.inc(events)
  claim.take(leased, left)
  if (left.length > 0) ctx.relay.nudge()
  if (changes >= BATCH) await claim.emptied()
  return changes
}

type FannedOut = {
  changes: number
  events: number
  leased: WaitingDelivery[]
  /** Subscribers that the relay has something for. */
  left: string[]
}

async function fanOutBatch(
  ctx: Context,
  tx: Tx,
  message: Message,
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
  const given = await leaseThoseWithRoom(tx, subscribers, { claim, deliveries, states })
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

/**
 * Subscribers that do not do well are called by way of the relay, which brings no more than they can hold up; and so are
 * those that are given very long to answer.
 */
async function leaseThoseWithRoom(
  tx: Tx,
  subscribers: readonly SubscriberConfig[],
  { claim, deliveries, states }: Leasing,
): Promise<NewDelivery[]> {
  const stateOf = new Map(states.map((row) => [row.name, row]))
  const leases = new Map(subscribers.map((subscriber) => [subscriber.name, leaseMsOf(subscriber)]))
  const mayBeHeld = ({ subscriber }: NewDelivery) => {
    const { state = 'active', failing_since = null } = stateOf.get(subscriber) ?? {}
    return state === 'active' && failing_since === null && (leases.get(subscriber) ?? Infinity) <= LONGEST_HELD_MS
  }
  const room = await claim.room(deliveries.filter(mayBeHeld), (lanes) => measureAlone(tx, lanes))
  return deliveries.map((delivery) => ({
    ...delivery,
    lease_ms: room.has(delivery) ? leases.get(delivery.subscriber) : undefined,
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
