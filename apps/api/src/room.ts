import { problem } from '@keepr/shared/problem'
import { createTurns } from '@keepr/shared/runtime/turns'

/** Bytes of large bodies, or of large content, that this process holds at once. */
export type Room = {
  /**
   * Waits until there is room for so many bytes; one that is larger than all of it has its turn alone. Groups take turns.
   * @returns what gives the room back
   * @throws overloaded, where none came free in time
   */
  enter(group: string, bytes: number): Promise<() => void>
}

type Waiter = { bytes: number; admit(): void }

export function createRoom(mostBytes: number, patienceMs = 30_000): Room {
  const waiting = createTurns<Waiter>()
  /** Whose turn it is, and who does not fit yet: nobody smaller overtakes him. */
  let next: Waiter | undefined
  let held = 0

  function admitAll() {
    next ??= waiting.next()
    while (next && (held === 0 || held + next.bytes <= mostBytes)) {
      held += next.bytes
      next.admit()
      next = waiting.next()
    }
  }

  function leave(bytes: number) {
    held -= bytes
    admitAll()
  }

  function giveUp(waiter: Waiter) {
    if (next === waiter) next = undefined
    else waiting.remove((one) => one === waiter)
    admitAll()
  }

  return {
    async enter(group, bytes) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const waiter = { bytes, admit: resolve }
      const timer = setTimeout(() => {
        giveUp(waiter)
        reject(problem('overloaded', { detail: 'Too much large content is on its way at once.', retry_after_s: 5 }))
      }, patienceMs)
      waiting.add(group, waiter)
      admitAll()
      await promise.finally(() => clearTimeout(timer))
      return () => leave(bytes)
    },
  }
}
