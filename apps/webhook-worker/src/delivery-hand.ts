import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { giveBackDeliveries } from '@keepr/db/outbox/give-back-deliveries'
import type { LaneLoad } from '@keepr/db/outbox/measure-lanes'
import { relayBounds } from '@keepr/db/outbox/relay-bounds'
import { commitSoon } from '@keepr/db/transaction'
import { within } from '@keepr/shared/runtime/within'
import { makeDelivery } from './commands/make-delivery.ts'
import type { Context } from './context.ts'
import { createTurns, type Turns } from './delivery/turns.ts'
import type { DeliveryDesk } from './delivery-desk.ts'

/** Deliveries that are leased as they are written, to whoever makes them: no relay and no queue comes in between. */
export type DeliveryHand = {
  /** Looks for room for deliveries that are about to be written. */
  claim(): Claim
  /** Gives back what was not begun, lets the rest end within the deadline, then stops it. */
  close(deadlineMs: number): Promise<void>
}

export type Claim = Disposable & {
  /** For how many of those wanted there is room in each lane, which is kept for them. Asked again, it forgets what it kept. */
  room(
    wanted: ReadonlyMap<string, number>,
    measure: (lanes: string[]) => Promise<readonly LaneLoad[]>,
  ): Promise<ReadonlyMap<string, number>>
  /** Makes deliveries, once they are committed. */
  take(deliveries: readonly WaitingDelivery[]): void
  /** Settles when few of them are left, or was waited for long enough: others wait to be fanned out. */
  emptied(): Promise<void>
}

/** Of one subscriber so many are held at most (being made or waiting for it), and so many in all. */
const HELD = { perLane: 160, inAll: 2000 } as const
/** So many of one subscriber are left when others are fetched. */
const FEW = 50
/** So long the fan-out waits for that: for subscribers of which none is faster, and for those that are slower than one. */
const EMPTYING_MS = { all: 250, others: 50 } as const
/** What waited so long waits for a slow subscriber: all others may have it. */
const PATIENCE_MS = 1000
/** A process that was stopped for so long does not know whether its leases are still its own. */
const FROZEN_MS = 5000

type Held = { delivery: WaitingDelivery; since: number }
type Lane = {
  name: string
  claimed: number
  running: number
  waiting: Turns<Held>
  /** More is due of it, for which there was no room: the relay brings it as there is. */
  left: boolean
}

const heldIn = ({ claimed, running, waiting }: Lane) => claimed + running + waiting.size()

export function createDeliveryHand(ctx: Context, desk: Pick<DeliveryDesk, 'close'>): DeliveryHand {
  const lanes = new Map<string, Lane>()
  const stopping = new AbortController()
  const working = new Set<Promise<void>>()
  const onProgress = new Set<() => void>()
  let closing = false

  const heldInAll = () => [...lanes.values()].reduce((sum, lane) => sum + heldIn(lane), 0)

  function laneOf(name: string): Lane {
    const lane = lanes.get(name) ?? { name, claimed: 0, running: 0, waiting: createTurns<Held>(), left: false }
    lanes.set(name, lane)
    return lane
  }

  function forgetIfEmpty(lane: Lane) {
    if (heldIn(lane) === 0) lanes.delete(lane.name)
  }

  /** One after the other, as long as the subscriber takes them. */
  async function work(lane: Lane): Promise<void> {
    lane.running += 1
    for (let held = lane.waiting.next(); held; held = lane.waiting.next()) {
      // Of an older one the lease has ended, or will: it is brought again.
      if (isFresh(held) && !(await make(held.delivery))) await giveBack(lane)
      for (const look of onProgress) look()
      if (lane.left && lane.waiting.size() === 0) ctx.relay.nudge()
    }
    lane.running -= 1
    forgetIfEmpty(lane)
  }

  async function make(delivery: WaitingDelivery): Promise<boolean> {
    try {
      const { signal } = stopping
      return (await makeDelivery(ctx, desk, delivery, { signal, takesNext: () => false })).delivered
    } catch (error) {
      ctx.log.error(
        { err: error, delivery_id: delivery.id },
        'a delivery was not recorded; it is made when its lease ends',
      )
      return false
    }
  }

  /** What waits of a lane, and for how long, goes back to the outbox: whoever has time takes it from there. */
  async function giveBack(lane: Lane, waitedMs = 0): Promise<void> {
    const now = performance.now()
    const given = lane.waiting.remove(({ since }) => now - since >= waitedMs).filter(isFresh)
    if (given.length === 0) return
    lane.left = true
    const ids = given.map(({ delivery }) => delivery.id)
    try {
      await ctx.db.withService(null, (tx) => Promise.all([giveBackDeliveries(tx, ids), commitSoon(tx)]))
      ctx.relay.nudge()
    } catch (error) {
      ctx.log.warn(
        { err: error, deliveries: ids.length },
        'deliveries were not given back; their leases end by themselves',
      )
    }
  }

  function take(deliveries: readonly WaitingDelivery[]): Lane[] {
    const since = performance.now()
    for (const delivery of deliveries) laneOf(delivery.subscriber).waiting.add(delivery.group_id, { delivery, since })
    const touched = [...new Set(deliveries.map(({ subscriber }) => subscriber))].map(laneOf)
    for (const lane of touched) {
      if (closing) track(giveBack(lane))
      while (lane.running < relayBounds.perLane.deliver_webhook && lane.waiting.size() > 0) track(work(lane))
      if (lane.waiting.size() > 0) setTimeout(() => track(giveBack(lane, PATIENCE_MS)), PATIENCE_MS).unref()
    }
    return touched
  }

  function track(work: Promise<void>) {
    working.add(work)
    void work.finally(() => working.delete(work))
  }

  function claim(): Claim {
    const kept = new Map<Lane, number>()
    let taken: Lane[] = []
    const forget = () => {
      for (const [lane, count] of kept) {
        lane.claimed -= count
        forgetIfEmpty(lane)
      }
      kept.clear()
    }
    const ownIn = (name: string) => {
      const lane = lanes.get(name)
      return lane === undefined ? 0 : heldIn(lane)
    }
    const roomIn = ({ lane, in_flight, has_due }: LaneLoad, wanted: number, before: number) => {
      if (closing || has_due) return 0 // what waits for longer goes first
      const own = ownIn(lane)
      // The bound of a lane holds over all workers. One that has it for itself may hold more that wait for their turn.
      const ofOthers = Math.max(in_flight - Math.max(own, before), 0)
      const bound = ofOthers === 0 ? HELD.perLane : relayBounds.perLane.deliver_webhook - ofOthers
      return Math.max(Math.min(wanted, bound - own), 0)
    }

    return {
      async room(wanted, measure) {
        forget()
        const before = new Map([...wanted.keys()].map((name) => [name, ownIn(name)]))
        const loads = await measure([...wanted.keys()])
        let roomInAll = Math.max(HELD.inAll - heldInAll(), 0)
        for (const load of loads) {
          const wish = wanted.get(load.lane) ?? 0
          const room = Math.min(roomIn(load, wish, before.get(load.lane) ?? 0), roomInAll)
          roomInAll -= room
          const lane = laneOf(load.lane)
          lane.left = room < wish
          lane.claimed += room
          kept.set(lane, room)
        }
        return new Map([...kept].map(([lane, room]) => [lane.name, room]))
      },
      take(deliveries) {
        taken = take(deliveries)
        forget()
      },
      async emptied() {
        const { promise, resolve } = Promise.withResolvers<void>()
        const timers = [setTimeout(resolve, EMPTYING_MS.all)]
        const look = () => {
          const full = taken.filter((lane) => heldIn(lane) > FEW).length
          if (full === 0) resolve()
          else if (full < taken.length && timers.length === 1) timers.push(setTimeout(resolve, EMPTYING_MS.others))
        }
        onProgress.add(look)
        look()
        await promise
        for (const timer of timers) clearTimeout(timer)
        onProgress.delete(look)
      },
      [Symbol.dispose]: forget,
    }
  }

  async function close(deadlineMs: number) {
    closing = true
    await Promise.all([...lanes.values()].map((lane) => giveBack(lane)))
    const quietly = () => {}
    await within(deadlineMs * 0.8, 'finishing deliveries', Promise.all(working)).catch(quietly)
    stopping.abort(new Error('the process ends'))
    await within(Math.min(deadlineMs * 0.1, 1000), 'stopping deliveries', Promise.all(working)).catch(quietly)
  }

  return { claim, close }
}

const isFresh = ({ since }: Held) => performance.now() - since < FROZEN_MS
