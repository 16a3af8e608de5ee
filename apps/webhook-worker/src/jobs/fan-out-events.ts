import { CROWD, GATHERING_MS, giveBackWakeUp, takeWakeUp } from '@keepr/db/outbox/take-wake-up'
import type { OutboxRow } from '@keepr/db/rows'
import { pause } from '@keepr/shared/runtime/pause'
import { inSpan } from '@keepr/shared/runtime/tracing'
import type { QueueMessage } from '@keepr/shared/schemas/jobs'
import { BATCH, type EventsMessage, fanOutBatch } from '../commands/fan-out-batch.ts'
import type { Context } from '../context.ts'
import { turnsByKey } from '../delivery/turns-by-key.ts'
import type { DeliveryHand } from '../delivery-hand.ts'

/** So long one wake-up is used for a group that has more waiting; then other groups have their turn. */
const STINT_MS = 2000
const NEVER = new AbortController().signal

/**
 * Turns the events of a change, and of others of its group that wait, into deliveries: one per event and matching
 * subscriber, in one transaction with the end of the messages, so that a job that dies or runs twice leaves each once.
 * What there is room for is made by this process; the relay brings the rest to whoever has time. Where there were many, the next
 * are taken over without the queue, once some have gathered.
 */
export function fanOutEvents(ctx: Context, hand: Pick<DeliveryHand, 'claim'>) {
  const inTurn = turnsByKey()
  // Jobs of one group would only take each other's room.
  const fanOut = (message: EventsMessage) => inTurn(message.group_id, () => fanOutAndTake(ctx, hand, message))

  async function fanOutAll(message: EventsMessage, goesOn: () => boolean): Promise<number> {
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
async function fanOutAndTake(ctx: Context, hand: Pick<DeliveryHand, 'claim'>, message: EventsMessage): Promise<number> {
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
