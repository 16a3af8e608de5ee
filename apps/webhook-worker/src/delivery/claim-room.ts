import type { LaneLoad } from '@keepr/db/outbox/measure-lanes'
import { AT_WORK_MS, relayBounds } from '@keepr/db/outbox/relay-bounds'
import { FROZEN_MS, heldIn, type Lane, type Lanes, type Lease, leasedIn } from './lanes.ts'

/** Of one subscriber so many are held at most (being made or waiting for it), so many in all, and no more once they are so large. */
const HELD = { perLane: 160, inAll: 2000, bytes: 32 * 1024 * 1024 } as const

/** Of lanes that nobody else leases from meanwhile. */
export type Measure = (lanes: string[]) => Promise<readonly LaneLoad[]>

/** Room for deliveries that are about to be written. */
export type RoomClaim = {
  /** Which of them there is room for; it is kept for them. Asked again, it forgets what it kept. */
  room<T extends { subscriber: string }>(wanted: readonly T[], measure: Measure): Promise<ReadonlySet<T>>
  /** What holds of the leases that were written for it. */
  leased(): Lease
  forget(): void
}

export function claimRoom(lanes: Lanes): RoomClaim {
  const kept = new Map<Lane, number>()
  let lease: Lease = { since: 0, lease_ends_by_ms: 0 }
  const leasedOf = (name: string) => leasedIn(lanes.find(name))

  function forget() {
    for (const [lane, count] of kept) {
      lane.claimed -= count
      lanes.forgetIfEmpty(lane)
    }
    kept.clear()
  }

  function keep(name: string, count: number) {
    if (count === 0) return
    const lane = lanes.of(name)
    lane.claimed += count
    kept.set(lane, count)
  }

  function noteLeft(name: string, left: boolean) {
    const lane = lanes.find(name)
    if (lane) lane.left = left
  }

  function roomIn({ lane, in_flight, has_due }: LaneLoad, leasedBefore: number): number {
    if (has_due) return 0 // what waits for longer goes first
    // The bound of a lane holds over all workers. One that has it for itself may hold more that wait for their turn.
    const ofOthers = Math.max(in_flight - Math.max(leasedOf(lane), leasedBefore), 0)
    const bound = ofOthers === 0 ? HELD.perLane : relayBounds.perLane.deliver_webhook - ofOthers
    const all = lanes.all()
    if (all.reduce((sum, { bytes }) => sum + bytes, 0) >= HELD.bytes) return 0
    const inAll = all.reduce((sum, each) => sum + heldIn(each), 0)
    return Math.max(Math.min(bound - heldIn(lanes.find(lane)), HELD.inAll - inAll), 0)
  }

  return {
    async room(wanted, measure) {
      forget()
      const since = performance.now()
      const byLane = Map.groupBy(wanted, ({ subscriber }) => subscriber)
      const before = new Map([...byLane.keys()].map((name) => [name, leasedOf(name)]))
      // What is due now is measured, and what will be left is told of once it is committed.
      for (const name of byLane.keys()) noteLeft(name, false)
      const loads = await measure([...byLane.keys()])
      const [asked] = loads
      if (asked) lease = { since, lease_ends_by_ms: asked.measured_at_ms + AT_WORK_MS + FROZEN_MS }
      return new Set(
        loads.flatMap((load) => {
          if (load.has_due) noteLeft(load.lane, true)
          const chosen = (byLane.get(load.lane) ?? []).slice(0, roomIn(load, before.get(load.lane) ?? 0))
          keep(load.lane, chosen.length)
          return chosen
        }),
      )
    },
    leased: () => lease,
    forget,
  }
}
