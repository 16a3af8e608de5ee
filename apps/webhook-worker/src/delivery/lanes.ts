import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { createTurns, type Turns } from '@keepr/shared/runtime/turns'

/** A process that was stopped for so long does not know whether its leases are still its own. */
export const FROZEN_MS = 5000

/** How long something is leased: no less than from then (performance.now), no longer than until then by the database's clock. */
export type Lease = { since: number; lease_ends_by_ms: number }
/** A delivery whose message this process has leased. */
export type Held = Lease & { delivery: WaitingDelivery }

export type Lane = {
  name: string
  /** Of deliveries that are being written. */
  claimed: number
  running: number
  waiting: Turns<Held>
  /** Of the bodies that run or wait. */
  bytes: number
  /** More is due of it, for which there was no room: the relay brings it as there is. */
  left: boolean
}

/** What one process holds of each subscriber. */
export type Lanes = {
  find(name: string): Lane | undefined
  of(name: string): Lane
  forgetIfEmpty(lane: Lane): void
  all(): Lane[]
}

/** What was leased of a lane and committed: others can see it. */
export const leasedIn = (lane: Lane | undefined) => (lane === undefined ? 0 : lane.running + lane.waiting.size())
export const heldIn = (lane: Lane | undefined) => leasedIn(lane) + (lane?.claimed ?? 0)

export const isFresh = ({ since }: Held) => performance.now() - since < FROZEN_MS
export const sizeOf = ({ delivery }: Held) => delivery.payload.length

/** Takes out of it what is meant, or all that was not begun. */
export function removeWaiting(lane: Lane, isMeant: (held: Held) => boolean = () => true): Held[] {
  const removed = lane.waiting.remove(isMeant)
  lane.bytes -= removed.reduce((sum, held) => sum + sizeOf(held), 0)
  return removed
}

export function createLanes(): Lanes {
  const lanes = new Map<string, Lane>()
  return {
    find: (name) => lanes.get(name),
    of(name) {
      const lane = lanes.get(name) ?? {
        name,
        claimed: 0,
        running: 0,
        waiting: createTurns<Held>(),
        bytes: 0,
        left: false,
      }
      lanes.set(name, lane)
      return lane
    },
    forgetIfEmpty(lane) {
      if (heldIn(lane) === 0 && lanes.get(lane.name) === lane) lanes.delete(lane.name)
    },
    all: () => [...lanes.values()],
  }
}
