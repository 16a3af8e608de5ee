import type { Db } from '@keepr/db/connect'
import { verdictChannel } from '@keepr/db/verdict-channel'

export type VerdictWaiter = {
  /** Resolves when the run is settled or the time is over, whichever comes first. Start it before the run can settle. */
  wait(runId: string, ms: number, signal: AbortSignal): Promise<void>
}

/** Lets requests sleep until the database announces their run; one connection listens for all of them. */
export async function createVerdictWaiter(db: Pick<Db, 'listen'>): Promise<VerdictWaiter> {
  const waiting = new Map<string, Set<() => void>>()
  await db.listen(verdictChannel, (runId) => {
    for (const wake of waiting.get(runId) ?? []) wake()
  })
  return {
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
