/** Whose turn it is among the groups that want a slot of one validator. */
export type Turns = {
  /** How many other groups wait and come before this one: those with less running, and those served longer ago. */
  ahead(group: string): number
  /** The group is put off. @returns how long; one of its runs comes back soon, so that its turn is not missed */
  wait(group: string, delayMs: number): number
  /** The group takes its turn. @returns what ends it */
  take(group: string): () => void
}

/** `turn` counts all that were ever taken; `dueAt` is when the first of its waiting runs asks again. */
type Seat = { running: number; turn: number; dueAt: number; seenAt: number }

const SOON_MS = 500
/** A run that was put off may ask later than told: the queue lies between. After that nothing is kept for its group. */
const LATE_MS = 2_000
const FORGET_MS = 60_000

/** In this process only, like the gate. Without it a group would get slots as often as its runs ask for one. */
export function createTurns(now: () => number, random: () => number): Turns {
  const seats = new Map<string, Seat>()
  let turn = 0
  const seatOf = (group: string): Seat => {
    const seat = seats.get(group) ?? { running: 0, turn: 0, dueAt: Number.NEGATIVE_INFINITY, seenAt: 0 }
    seat.seenAt = now()
    seats.set(group, seat)
    return seat
  }
  const waits = ({ dueAt }: Seat) => now() < dueAt + LATE_MS
  const comesBefore = (one: Seat, other: Seat) =>
    one.running < other.running || (one.running === other.running && one.turn < other.turn)
  return {
    ahead(group) {
      const own = seatOf(group)
      for (const [name, seat] of seats)
        if (seat.running === 0 && !waits(seat) && now() - seat.seenAt > FORGET_MS) seats.delete(name)
      return [...seats.values()].filter((seat) => seat !== own && waits(seat) && comesBefore(seat, own)).length
    },
    wait(group, delayMs) {
      const seat = seatOf(group)
      if (seats.size === 1 || now() < seat.dueAt) return delayMs
      const soonMs = Math.min(delayMs, SOON_MS * (0.5 + random()))
      seat.dueAt = now() + soonMs
      return soonMs
    },
    take(group) {
      const seat = seatOf(group)
      seat.running += 1
      seat.turn = ++turn
      seat.dueAt = Number.NEGATIVE_INFINITY
      return () => void (seat.running -= 1)
    },
  }
}
