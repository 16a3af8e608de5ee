import { setImmediate as endOfTurn } from 'node:timers/promises'

type Waiting<I, O> = { item: I; resolve: (answer: O) => void; reject: (error: unknown) => void }

/**
 * One call for many: what is asked in the same turn of the event loop, or while a call of the same key is under way, is asked
 * together by the next one. Nothing waits for company that has not come yet, so a single item is as fast as without it,
 * and under load the database is called seldom. `answer` gives one answer for each item, in order.
 */
export function gathered<I, O>(
  keyOf: (item: I) => string,
  answer: (key: string, items: readonly I[]) => Promise<readonly O[]>,
  maxItems = 200,
): (item: I) => Promise<O> {
  const queues = new Map<string, Waiting<I, O>[]>()

  async function work(key: string, queue: Waiting<I, O>[]) {
    while (queue.length > 0) {
      await endOfTurn()
      const batch = queue.splice(0, maxItems)
      try {
        const answers = await answer(
          key,
          batch.map(({ item }) => item),
        )
        // SAFETY: there is one answer for each item.
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as O)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    queues.delete(key)
  }

  return (item) => {
    const { promise, resolve, reject } = Promise.withResolvers<O>()
    const key = keyOf(item)
    const queue = queues.get(key)
    if (queue) queue.push({ item, resolve, reject })
    else {
      const made = [{ item, resolve, reject }]
      queues.set(key, made)
      void work(key, made)
    }
    return promise
  }
}
