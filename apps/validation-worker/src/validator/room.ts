/** Bytes that may be held at once. */
export type Room = {
  /** @returns what gives the room back; undefined where there is none now */
  enter(bytes: number): (() => void) | undefined
}

/** Whoever comes before it is full has room, however much that takes: nothing is too large to have its turn. */
export function createRoom(mostBytes: number): Room {
  let held = 0
  return {
    enter(bytes) {
      if (bytes > 0 && held >= mostBytes) return undefined
      held += bytes
      return () => void (held -= bytes)
    },
  }
}
