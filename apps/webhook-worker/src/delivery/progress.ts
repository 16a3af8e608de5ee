/** Tells those who wait for a state that something has changed. */
export type Progress = {
  made(): void
  /** Settles when the state is reached, or was waited for so long. */
  until(isReached: () => boolean, patienceMs: number): Promise<void>
}

export function createProgress(): Progress {
  const looks = new Set<() => void>()
  return {
    made() {
      for (const look of looks) look()
    },
    async until(isReached, patienceMs) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, patienceMs)
      const look = () => {
        if (isReached()) resolve()
      }
      looks.add(look)
      look()
      await promise
      clearTimeout(timer)
      looks.delete(look)
    },
  }
}
