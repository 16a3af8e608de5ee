/** The work that a worker has in hand, and when it was last seen to begin or end any. */
export type Hands = {
  /** Does work, counted while it lasts. */
  with<T>(work: () => Promise<T>): Promise<T>
  busy(): number
  /** Settles when there is none; at once where there is none now. */
  emptied(): Promise<void>
  /** For how long nothing was begun or ended. */
  silentMs(): number
  /** It is well, though nothing was to be done. */
  noteLife(): void
}

export function createHands(): Hands {
  let busy = 0
  let emptied = Promise.withResolvers<void>()
  let lastSignOfLife = performance.now()
  emptied.resolve()
  const noteLife = () => {
    lastSignOfLife = performance.now()
  }

  return {
    async with(work) {
      noteLife()
      if (busy === 0) emptied = Promise.withResolvers<void>()
      busy += 1
      try {
        return await work()
      } finally {
        busy -= 1
        noteLife()
        if (busy === 0) emptied.resolve()
      }
    },
    busy: () => busy,
    emptied: () => emptied.promise,
    silentMs: () => performance.now() - lastSignOfLife,
    noteLife,
  }
}
