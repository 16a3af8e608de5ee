import { setImmediate as endOfTurn } from 'node:timers/promises'

type Waiting<I, O> = { item: I; resolve: (answer: O) => void; reject: (error: unknown) => void }

/** Turns of the event loop: where several wait, their call is made once so many have brought nobody, and after so many in all. */
const QUIET_TURNS = 3
const MOST_TURNS = 8
/** So few are not parted: what a call costs by itself would be paid twice. */
const FEW = 4

/**
 * One call for many: what is asked in the same turn of the event loop, or while a call of the same key is under way, is asked
 * together by the next one. One who is alone waits for no company, and is as fast as without this; several are joined by whoever
 * comes within the next turns, so that under load the database is called seldom. `answer` gives one answer for each item, in order.
 *
 * `overlapping`: who waits is asked for before those of the last call are told, so that the database works meanwhile. A call takes no
 * more than half of those who wait or were in the last one, who may come again: of many clients that ask one thing after
 * the other all but a few would be in every other call else, and the database idle while they are answered. It pays for long
 * calls; short ones become more and smaller (docs/performance.md).
 */
export function gathered<I, O>(
  keyOf: (item: I) => string,
  answer: (key: string, items: readonly I[]) => Promise<readonly O[]>,
  { maxItems = 200, overlapping = false }: { maxItems?: number; overlapping?: boolean } = {},
): (item: I) => Promise<O> {
  const queues = new Map<string, Waiting<I, O>[]>()

  /** Asks for a batch. @returns what tells each of it its answer, or why there is none */
  const ask = (key: string, batch: readonly Waiting<I, O>[]): Promise<() => void> =>
    answer(
      key,
      batch.map(({ item }) => item),
    ).then(
      (answers) => () => {
        // SAFETY: there is one answer for each item.
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as O)
      },
      (error: unknown) => () => {
        for (const { reject } of batch) reject(error)
      },
    )

  async function work(key: string, queue: Waiting<I, O>[]) {
    let tell = () => {}
    let last = 0
    while (queue.length > 0) {
      await endOfTurn()
      if (queue.length > 1) await untilNobodyComes(queue)
      const half = Math.max(Math.ceil((queue.length + last) / 2), FEW)
      const batch = queue.splice(0, overlapping ? Math.min(half, maxItems) : maxItems)
      last = batch.length
      const asked = ask(key, batch)
      if (overlapping) void onceSent().then(tell)
      tell = await asked
      if (!overlapping) tell()
    }
    if (overlapping) tell()
    queues.delete(key)
  }

  async function untilNobodyComes(queue: readonly unknown[]) {
    for (let turn = 0, quiet = 0; turn < MOST_TURNS && quiet < QUIET_TURNS && queue.length < maxItems; turn++) {
      const known = queue.length
      await endOfTurn()
      quiet = queue.length > known ? 0 : quiet + 1
    }
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

/** What a call sends leaves at the end of the turn in which it is made. */
async function onceSent() {
  for (let turn = 0; turn < 2; turn++) await endOfTurn()
}
