/** No connection came free, or no answer came, within the time that a request may wait. */
export class DatabaseBusy extends Error {
  override readonly name = 'DatabaseBusy'
  readonly code = 'DATABASE_BUSY'

  constructor() {
    super('the database did not answer in time, or all connections were busy')
  }
}

type Limits = { startMs: number; endMs: number; atOnce: number }

/**
 * Runs work on the database that has to begin within `startMs` (the driver itself lets a request wait for ever for a free
 * connection) and to end within `endMs` from the same moment (a frozen server keeps no time-out of its own). `begun` is called first thing:
 * work whose turn comes too late is not done any more, as its caller has been told so. What was given up may still wait in
 * the driver: of all that is not over, at most `atOnce`; more would only come too late, and fill the memory.
 */
export function inTime({ startMs, endMs, atOnce }: Limits): <T>(work: (begun: () => void) => Promise<T>) => Promise<T> {
  let unfinished = 0
  return <T>(work: (begun: () => void) => Promise<T>) => {
    if (unfinished >= atOnce) return Promise.reject(new DatabaseBusy())
    unfinished += 1
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const since = performance.now()
    let late = false
    const giveUp = () => {
      late = true
      reject(new DatabaseBusy())
    }
    let timer = setTimeout(giveUp, startMs)
    const begun = () => {
      if (late) throw new DatabaseBusy()
      clearTimeout(timer)
      timer = setTimeout(giveUp, endMs - (performance.now() - since))
    }
    const over = () => {
      unfinished -= 1
      clearTimeout(timer)
    }
    work(begun).then(
      (answer) => {
        over()
        resolve(answer)
      },
      (error: unknown) => {
        over()
        reject(error)
      },
    )
    return promise
  }
}
