/** So many deliveries this process makes at once (WEBHOOK_CONCURRENCY), whoever brings them. */
export type Slots = {
  /** Takes one, if one is free. */
  take(): boolean
  /** Waits for one, in turn. */
  wait(): Promise<void>
  /** Whether somebody waits for one. */
  awaited(): boolean
  release(): void
  /** Calls it whenever one has become free that nobody waits for. */
  onFree(look: () => void): void
}

export function createSlots(count: number): Slots {
  const waiters: (() => void)[] = []
  const looks: (() => void)[] = []
  let free = count
  const take = () => {
    if (free === 0) return false
    free -= 1
    return true
  }

  return {
    take,
    wait: () => (take() ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
    awaited: () => waiters.length > 0,
    release() {
      const next = waiters.shift()
      if (next) return next()
      free += 1
      for (const look of looks) look()
    },
    onFree: (look) => void looks.push(look),
  }
}
