import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Db } from '@keepr/db/connect'
import { listLivePeers } from '@keepr/db/peers/list-live-peers'
import { notify } from '@keepr/db/peers/notify'
import { problem } from '@keepr/shared/problem'
import type { Log } from '@keepr/shared/runtime/log'
import type { AccessLog } from './access-log.ts'

/** Every API process holds reads that it has not written yet; cleanup must count those of all of them. */
export type AccessFlushes = { everywhere(): Promise<void> }

type Options = {
  db: Pick<Db, 'listen' | 'withService'>
  accessLog: AccessLog
  /** What the application names of all API processes begin with, and this one's. */
  prefix: string
  self: string
  timeoutMs: number
  closing: AbortSignal
  log: Log
}

const asked = 'keepr_flush_accesses'
const flushed = 'keepr_accesses_flushed'
const retryMs = 1000

/**
 * Asks all processes over the database to write down their reads, and waits until each has said so. One that lives and
 * does not answer in time stops the question (503): what it knows may be why a version must stay.
 */
export function createAccessFlushes({ db, accessLog, prefix, self, timeoutMs, closing, log }: Options): AccessFlushes {
  const waiting = new Map<string, (peer: string) => void>()
  const tell = (channel: string, words: string) => db.withService(null, (tx) => notify(tx, channel, words))

  async function answer(nonce: string): Promise<void> {
    try {
      if (await accessLog.flush('all')) await tell(flushed, `${nonce} ${self}`)
    } catch (error) {
      log.warn({ err: error }, 'another process could not be told that reads are written')
    }
  }

  async function listen(): Promise<void> {
    await db.listen(asked, (nonce) => void answer(nonce))
    await db.listen(flushed, (words) => waiting.get(words.slice(0, 36))?.(words.slice(37)))
  }
  const listening = untilItWorks(listen, { closing, log })

  return {
    async everywhere() {
      if (!(await accessLog.flush('all'))) throw notCounted()
      const nonce = randomUUID()
      const done = Promise.withResolvers<undefined>()
      const missing = new Set<string>()
      waiting.set(nonce, (peer) => {
        if (missing.delete(peer) && missing.size === 0) done.resolve(undefined)
      })
      try {
        await listening
        const peers = await db.withService(null, (tx) => listLivePeers(tx, prefix))
        for (const peer of peers) if (peer !== self) missing.add(peer)
        if (missing.size === 0) return
        await tell(asked, nonce)
        await Promise.race([done.promise, pause(timeoutMs, undefined, { ref: false })])
      } finally {
        waiting.delete(nonce)
      }
      if (missing.size > 0) {
        log.warn({ missing: [...missing] }, 'API processes did not write down their reads in time')
        throw notCounted()
      }
    },
  }
}

const notCounted = () => problem('overloaded', { detail: 'Not all reads could be counted in time.', retry_after_s: 2 })

async function untilItWorks(start: () => Promise<void>, { closing, log }: Pick<Options, 'closing' | 'log'>) {
  while (!closing.aborted) {
    try {
      return await start()
    } catch (error) {
      log.warn({ err: error }, 'questions of other processes cannot be heard; trying again')
      await pause(retryMs, undefined, { signal: closing, ref: false }).catch(() => {}) // closing: the loop sees it
    }
  }
}
