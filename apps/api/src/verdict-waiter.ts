import type { Db } from '@keepr/db/connect'
import { verdictChannel } from '@keepr/db/verdict-channel'
import type { Log } from '@keepr/shared/runtime/log'

export type VerdictWaiter = {
  /** Resolves when the run is settled or the time is over, whichever comes first. Start it before the run can settle. */
  wait(runId: string, ms: number, signal: AbortSignal): Promise<void>
}

/** Lets requests sleep until the database announces their run; one connection listens for all, from the first on. */
export function createVerdictWaiter(db: Pick<Db, 'listen'>, log: Log): VerdictWaiter {
  const waiting = new Map<string, Set<() => void>>()
  let listening = false
  const listen = async () => {
    if (listening) return
    listening = true
    try {
      await db.listen(verdictChannel, (runId) => {
        for (const wake of waiting.get(runId) ?? []) wake()
      })
    } catch (error) {
      listening = false // the next one who waits tries again; this one waits out its time
      log.warn({ err: error }, 'verdicts cannot be listened for')
    }
  }
  return {
    wait: (runId, ms, signal) =>
      new Promise((resolve) => {
        void listen()
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
