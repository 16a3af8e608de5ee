import { type Read, touchArtifacts } from '@keepr/db/artifacts/touch-artifacts'
import type { Db } from '@keepr/db/connect'
import type { Log } from '@keepr/shared/runtime/log'

/** Notes that content was read, without a write for each read. */
export type AccessLog = AsyncDisposable & {
  touch(artifact: { id: string; group_id: string }): void
  /** Writes what is due by the grain, or all of it. @returns false when the database did not take it; it is kept then */
  flush(which?: 'due' | 'all'): Promise<boolean>
}

type Options = { db: Pick<Db, 'withService'>; intervalMs: number; grainMs: number; log: Log }

const maxRemembered = 100_000

/**
 * Collects reads and writes them in batches. A read within the grain of the last one that was written
 * waits until the grain is over, or until cleanup or the end of the process asks for all. What a
 * process that is killed had not flushed is lost; the grain is how much that can be.
 */
export function createAccessLog({ db, intervalMs, grainMs, log }: Options): AccessLog {
  let pending = new Map<string, Read>()
  const written = new Map<string, number>()

  async function flush(which: 'due' | 'all' = 'due') {
    const due = (id: string, at: number) => which === 'all' || at - (written.get(id) ?? 0) >= grainMs
    const batch = new Map([...pending].filter(([id, { at }]) => due(id, at)))
    if (batch.size === 0) return true
    pending = new Map([...pending].filter(([id]) => !batch.has(id)))
    try {
      await db.withService(null, (tx) => touchArtifacts(tx, [...batch.values()]))
    } catch (error) {
      for (const [id, read] of batch) if (!pending.has(id)) pending.set(id, read) // a later read stays
      log.warn({ err: error, count: batch.size }, 'reads could not be noted; they are kept')
      return false
    }
    if (written.size + batch.size > maxRemembered) written.clear()
    for (const [id, { at }] of batch) written.set(id, at)
    return true
  }

  const timer = setInterval(() => void flush(), intervalMs)
  timer.unref()
  return {
    touch({ id, group_id }) {
      if (pending.has(id) || pending.size < maxRemembered) pending.set(id, { id, group_id, at: Date.now() })
    },
    flush,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await flush('all')
    },
  }
}
