import type { Actor } from '@keepr/shared/domain/actor'
import { problem } from '@keepr/shared/problem'

/** The live streams that each caller has open at this process: every one asks the database again and again. */
export type EventStreams = { open(actor: Actor): Disposable }

export function createEventStreams(max: number): EventStreams {
  const counts = new Map<string, number>()
  return {
    open({ groupId, userId }) {
      const key = JSON.stringify([groupId, userId])
      const count = counts.get(key) ?? 0
      if (count >= max) throw problem('too-many-streams', { retry_after_s: 10 })
      counts.set(key, count + 1)
      return {
        [Symbol.dispose]() {
          const left = (counts.get(key) ?? 1) - 1
          if (left > 0) counts.set(key, left)
          else counts.delete(key)
        },
      }
    },
  }
}
