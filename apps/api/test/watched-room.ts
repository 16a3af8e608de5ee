import type { Room } from '../src/room.ts'

/** A room of which it is told how many are in it now, and how many were at once at most. */
export const watchedRoom = (room: Room, count: { now: number; most: number }): Room => ({
  async enter(group, bytes) {
    const leave = await room.enter(group, bytes)
    count.now += 1
    count.most = Math.max(count.most, count.now)
    return () => {
      count.now -= 1
      leave()
    }
  },
})
