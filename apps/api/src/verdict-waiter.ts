import { setTimeout as pause } from 'node:timers/promises'
import type { Db } from '@keepr/db/connect'
import { verdictChannel } from '@keepr/db/verdict-channel'
import type { Log } from '@keepr/shared/runtime/log'

export type VerdictWaiter = {
  /** Whether verdicts are heard of from now on. At once if they are already, else it tries to listen, for a moment. */
  listen(): true | Promise<boolean>
  /** Resolves when the run is settled or the time is over, whichever comes first. Start it before the run can settle. */
  wait(runId: string, ms: number, signal: AbortSignal): Promise<void>
}

const patienceMs = 1000

/** Lets requests sleep until the database announces their run; one connection listens for all, from the first on. */
export function createVerdictWaiter(db: Pick<Db, 'listen'>, log: Log): VerdictWaiter {
  const waiting = new Map<string, Set<() => void>>()
  let listens = false
  let beginning: Promise<boolean> | undefined
  const begin = async () => {
    try {
      await db.listen(verdictChannel, (runId) => {
        for (const wake of waiting.get(runId) ?? []) wake()
      })
      listens = true
    } catch (error) {
      log.warn({ err: error }, 'verdicts cannot be listened for') // the next one who would wait tries again
    }
    beginning = undefined
    return listens
  }
  return {
    listen: () => listens || Promise.race([(beginning ??= begin()), pause(patienceMs, false, { ref: false })]),
    wait: (runId, ms, signal) =>
      new Promise((resolve) => {
        const sleepers = waiting.get(runId) ?? new Set()
        waiting.set(runId, sleepers)
        const wake = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', wake)
          sleepers.delete(wake)
          if (sleepers.size === 0) waiting.delete(runId)
          resolve()
        }
        const timer = setTimeout(wake, ms)
        signal.addEventListener('abort', wake)
        sleepers.add(wake)
        if (signal.aborted) wake()
      }),
  }
}
