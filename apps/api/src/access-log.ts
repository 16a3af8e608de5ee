import { touchArtifacts } from '@keepr/db/artifacts/touch-artifacts'
import type { Db } from '@keepr/db/connect'
import type { Log } from '@keepr/shared/runtime/log'

/** Notes that content was read, without a write for each read. */
export type AccessLog = AsyncDisposable & {
  touch(artifactId: string): void
  /** Ids that were read and are not written yet, with the time of the last read: cleanup counts them too. */
  pending(): ReadonlyMap<string, number>
  flush(): Promise<void>
}

type Options = { db: Pick<Db, 'withService'>; intervalMs: number; grainMs: number; log: Log }

const maxRemembered = 100_000

/**
 * Collects reads and writes them in batches. A read that the last grain already covers is not written again. What a
 * process that is killed had not flushed is lost; the grain is how much that can be.
 */
export function createAccessLog({ db, intervalMs, grainMs, log }: Options): AccessLog {
  let pending = new Map<string, number>()
  const written = new Map<string, number>()

  async function flush() {
    if (pending.size === 0) return
    const batch = pending
    pending = new Map()
    try {
      await db.withService(null, (tx) => touchArtifacts(tx, [...batch]))
    } catch (error) {
      for (const [id, at] of batch) pending.set(id, Math.max(at, pending.get(id) ?? 0))
      log.warn({ err: error, count: batch.size }, 'reads could not be noted; they are kept')
      return
    }
    if (written.size + batch.size > maxRemembered) written.clear()
    for (const [id, at] of batch) written.set(id, at)
  }

  const timer = setInterval(() => void flush(), intervalMs)
  timer.unref()
  return {
    touch(id) {
      const now = Date.now()
      if (now - (written.get(id) ?? 0) >= grainMs && pending.size < maxRemembered) pending.set(id, now)
    },
    pending: () => pending,
    flush,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await flush()
    },
  }
}
