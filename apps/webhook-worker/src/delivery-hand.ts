import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { relayBounds } from '@keepr/db/outbox/relay-bounds'
import { within } from '@keepr/shared/runtime/within'
import type { Context } from './context.ts'
import { claimRoom, type RoomClaim } from './delivery/claim-room.ts'
import { createLanes, type Held, heldIn, isFresh, type Lane, removeWaiting, sizeOf } from './delivery/lanes.ts'
import { createProgress } from './delivery/progress.ts'
import type { DeliveryDesk } from './delivery-desk.ts'
import { giveBack } from './jobs/give-back.ts'
import { makeDelivery } from './jobs/make-delivery.ts'

/** Deliveries that are leased as they are written, to whoever makes them: no relay and no queue comes in between. */
export type DeliveryHand = {
  /** Looks for room for deliveries that are about to be written. */
  claim(): Claim
  /** Gives back what was not begun, lets the rest end within the deadline, then stops it. */
  close(deadlineMs: number): Promise<void>
}

export type Claim = Disposable &
  Pick<RoomClaim, 'room'> & {
    /** Makes deliveries, once they are committed; of some subscribers there are more, which are left to the relay. */
    take(deliveries: readonly WaitingDelivery[], left: readonly string[]): void
    /** Settles when few are left of the subscriber that is fastest, or was waited for long enough: others wait to be fanned out. */
    emptied(): Promise<void>
  }

/** So many of one subscriber are left when others are fetched. */
const FEW = 50
/** So long the fan-out waits for that. */
const EMPTYING_MS = 250
/** What waited so long waits for a slow subscriber: all others may have it. */
const PATIENCE_MS = 1000

export function createDeliveryHand(ctx: Context, desk: Pick<DeliveryDesk, 'close'>): DeliveryHand {
  const lanes = createLanes()
  const stopping = new AbortController()
  const working = new Set<Promise<void>>()
  const progress = createProgress()
  /** What waits there waits for a slot and not for its subscriber; the next that is free is for the first of them. */
  const short = new Set<Lane>()
  let closing = false
  ctx.slots.onFree(() => {
    for (const lane of short) start(lane)
  })

  const mayRunMore = (lane: Lane) => lane.waiting.size() > 0 && lane.running < relayBounds.perLane.deliver_webhook

  function start(lane: Lane) {
    while (mayRunMore(lane) && ctx.slots.take()) {
      short.delete(lane) // others have their turn first
      track(work(lane))
    }
    noteIfShort(lane)
  }

  function noteIfShort(lane: Lane) {
    if (mayRunMore(lane)) short.add(lane)
    else short.delete(lane)
  }

  /** One after the other, as long as the subscriber takes them and nobody else waits for the slot. */
  async function work(lane: Lane): Promise<void> {
    lane.running += 1
    for (let held = lane.waiting.next(); held; held = ctx.slots.awaited() ? undefined : lane.waiting.next()) {
      if (!isFresh(held)) await leave(lane, [held])
      else if (!(await wasTaken(ctx, desk, { delivery: held.delivery, signal: stopping.signal })))
        await leave(lane, removeWaiting(lane))
      lane.bytes -= sizeOf(held)
      progress.made()
      if (lane.left && lane.waiting.size() === 0) ctx.relay.nudge()
    }
    lane.running -= 1
    noteIfShort(lane)
    ctx.slots.release()
    lanes.forgetIfEmpty(lane)
  }

  /** Leaves to whoever has time what will not be made here. */
  async function leave(lane: Lane, given: readonly Held[]): Promise<void> {
    if (given.length === 0) return
    lane.left = true
    noteIfShort(lane)
    lanes.forgetIfEmpty(lane)
    await giveBack(ctx, given)
  }

  function begin(lane: Lane, since: number) {
    if (closing) track(leave(lane, removeWaiting(lane)))
    start(lane)
    if (lane.waiting.size() === 0) return
    // By what it was taken with and not by the time that has passed: a timer may be early.
    const tooOld = () => removeWaiting(lane, (held) => held.since <= since)
    setTimeout(() => track(leave(lane, tooOld())), PATIENCE_MS).unref()
  }

  function track(work: Promise<void>) {
    working.add(work)
    void work.finally(() => working.delete(work))
  }

  function claim(): Claim {
    const claimed = claimRoom(lanes)
    const over = Promise.withResolvers<void>()
    track(over.promise) // closing waits for what is about to be written, which is given back then
    let taken: Lane[] = []

    return {
      room: async (wanted, measure) => (closing ? new Set() : await claimed.room(wanted, measure)),
      take(deliveries, left) {
        for (const delivery of deliveries) {
          const lane = lanes.of(delivery.subscriber)
          const held = { delivery, ...claimed.leased() }
          lane.waiting.add(delivery.group_id, held)
          lane.bytes += sizeOf(held)
        }
        taken = [...new Set(deliveries.map(({ subscriber }) => subscriber))].map(lanes.of)
        for (const name of left) {
          const lane = lanes.find(name)
          if (lane) lane.left = true
        }
        claimed.forget()
        for (const lane of taken) begin(lane, claimed.leased().since)
      },
      async emptied() {
        if (taken.length > 0) await progress.until(() => taken.some((lane) => heldIn(lane) <= FEW), EMPTYING_MS)
      },
      [Symbol.dispose]() {
        claimed.forget()
        over.resolve()
      },
    }
  }

  async function close(deadlineMs: number) {
    closing = true
    for (const lane of lanes.all()) track(leave(lane, removeWaiting(lane)))
    const allDone = async () => {
      while (working.size > 0) await Promise.all(working)
    }
    const quietly = () => {}
    await within(deadlineMs * 0.8, 'finishing deliveries', allDone()).catch(quietly)
    stopping.abort(new Error('the process ends'))
    await within(Math.min(deadlineMs * 0.1, 1000), 'stopping deliveries', allDone()).catch(quietly)
  }

  return { claim, close }
}

/** Makes a delivery; whether the subscriber took it, so that it may have the next. It does not throw. */
async function wasTaken(
  ctx: Context,
  desk: Pick<DeliveryDesk, 'close'>,
  { delivery, signal }: { delivery: WaitingDelivery; signal: AbortSignal },
): Promise<boolean> {
  try {
    return (await makeDelivery(ctx, desk, { delivery, signal, takesNext: () => false })).delivered
  } catch (error) {
    ctx.log.error(
      { err: error, delivery_id: delivery.id },
      'a delivery was not recorded; it is made when its lease ends',
    )
    return false
  }
}
