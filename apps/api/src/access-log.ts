import { type Read, touchArtifacts } from '@keepr/db/artifacts/touch-artifacts'
import type { Db } from '@keepr/db/connect'
import { every } from '@keepr/shared/runtime/every'
import type { Log } from '@keepr/shared/runtime/log'

/** Notes that content was read, without a write for each read. */
export type AccessLog = AsyncDisposable & {
  touch(artifact: { id: string; group_id: string }): void
  /**
   * Writes what is due by the grain, or all of it, and what an earlier flush has taken and not written yet before that.
   * @returns false when the database did not take it; it is kept then
   */
  flush(which?: 'due' | 'all'): Promise<boolean>
}

type Options = { db: Pick<Db, 'withService'>; intervalMs: number; grainMs: number; log: Log }

const maxRemembered = 100_000

/**
 * Collects reads and writes them in batches. A read within the grain of the last one that was written
 * waits until the grain is over, or until cleanup, the end of the process or their number asks for all. What a
 * process that is killed had not flushed is lost; the grain is how much that can be.
 */
export function createAccessLog({ db, intervalMs, grainMs, log }: Options): AccessLog {
  let pending = new Map<string, Read>()
  let dropped = 0
  const written = new Map<string, number>()

  async function write(which: 'due' | 'all') {
    const all = which === 'all' || pending.size >= maxRemembered
    const due = (id: string, at: number) => all || at - (written.get(id) ?? 0) >= grainMs
    const batch = new Map([...pending].filter(([id, { at }]) => due(id, at)))
    if (dropped > 0) log.warn({ count: dropped }, 'reads were not noted, as too many waited to be written')
    dropped = 0
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

  let last = Promise.resolve(true)
  const flush = (which: 'due' | 'all' = 'due') => {
    last = last.then(() => write(which))
    return last
  }

  const flushing = every(intervalMs, 'note reads', () => flush(), log)
  return {
    touch({ id, group_id }) {
      if (pending.size >= maxRemembered && !pending.has(id)) {
        dropped += 1
        return
      }
      pending.set(id, { id, group_id, at: Date.now() })
      if (pending.size === maxRemembered) void flush()
    },
    flush,
    async [Symbol.asyncDispose]() {
      await flushing.close()
      await flush('all')
    },
  }
}
