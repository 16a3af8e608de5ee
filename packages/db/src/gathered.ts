import { setImmediate as endOfTurn } from 'node:timers/promises'
import type { Lane } from './transaction.ts'

type Waiting<I, O> = { item: I; resolve: (answer: O) => void; reject: (error: unknown) => void }

/** Turns of the event loop: where several wait, their call is made once so many have brought nobody, and after so many in all. */
const QUIET_TURNS = 3
const MOST_TURNS = 8
/** So few are not parted: what a call costs by itself would be paid twice. */
const FEW = 4

/** Those who wait for one key, and the lane of the calls that are made for them as long as there are any. */
type Queue<I, O> = { waiting: Waiting<I, O>[]; lane: Lane; onCome: () => void }
/** A call that is under way, and what tells its answers once they are there. */
type Call = { size: number; answered: Promise<() => void> }

/**
 * One call for many: what is asked in the same turn of the event loop, or while a call of the same key is under way, is asked
 * together by the next one. One who is alone waits for no company, and is as fast as without this; several are joined by whoever
 * comes within the next turns, so that under load the database is called seldom. `answer` gives one answer for each item, in order.
 *
 * `ahead`: two calls may be under way, in one lane, so that the database goes on with the second while the first is answered. A call takes
 * no more than half of those who wait or are being answered, who may come again, and the second waits until it is as large as the
 * first: more and smaller calls would cost more than the database's waiting (docs/performance.md).
 */
export function gathered<I, O>(
  keyOf: (item: I) => string,
  answer: (key: string, items: readonly I[], lane: Lane) => Promise<readonly O[]>,
  { maxItems = 200, ahead = false }: { maxItems?: number; ahead?: boolean } = {},
): (item: I) => Promise<O> {
  const queues = new Map<string, Queue<I, O>>()

  const ask = (key: string, batch: readonly Waiting<I, O>[], lane: Lane): Call => {
    const items = batch.map(({ item }) => item)
    const answered = answer(key, items, lane).then(
      (answers) => () => {
        // SAFETY: there is one answer for each item.
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as O)
      },
      (error: unknown) => () => {
        for (const { reject } of batch) reject(error)
      },
    )
    return { size: batch.length, answered }
  }

  async function work(key: string, queue: Queue<I, O>) {
    const { waiting, lane } = queue
    while (waiting.length > 0) {
      await endOfTurn()
      if (waiting.length > 1) await untilNobodyComes(waiting)
      const tell = await ask(key, waiting.splice(0, maxItems), lane).answered
      tell()
    }
    queues.delete(key)
  }

  async function workAhead(key: string, queue: Queue<I, O>) {
    const { waiting, lane } = queue
    let first: Call | undefined
    let second: Call | undefined
    let last = 0
    for (;;) {
      await endOfTurn()
      if (waiting.length > 1) await untilNobodyComes(waiting)
      const mayAsk = first === undefined ? waiting.length > 0 : second === undefined && waiting.length >= first.size
      if (mayAsk) {
        const half = Math.max(Math.ceil((waiting.length + (first?.size ?? last)) / 2), FEW)
        const call = ask(key, waiting.splice(0, Math.min(half, maxItems)), lane)
        if (first) second = call
        else first = call
      } else if (first) {
        const tell = await Promise.race([first.answered, comes(queue)])
        if (tell === undefined) continue
        last = first.size
        first = second
        second = undefined
        // Who waits is asked for before, if the database has nothing to do.
        if (first) tell()
        else void onceSent().then(tell)
      } else break
    }
    queues.delete(key)
  }

  const comes = (queue: Queue<I, O>): Promise<undefined> =>
    new Promise((resolve) => {
      queue.onCome = () => resolve(undefined)
    })

  async function untilNobodyComes(waiting: readonly unknown[]) {
    for (let turn = 0, quiet = 0; turn < MOST_TURNS && quiet < QUIET_TURNS && waiting.length < maxItems; turn++) {
      const known = waiting.length
      await endOfTurn()
      quiet = waiting.length > known ? 0 : quiet + 1
    }
  }

  return (item) => {
    const { promise, resolve, reject } = Promise.withResolvers<O>()
    const key = keyOf(item)
    const queue = queues.get(key)
    if (queue) {
      queue.waiting.push({ item, resolve, reject })
      queue.onCome()
    } else {
      const made: Queue<I, O> = { waiting: [{ item, resolve, reject }], lane: {}, onCome: () => {} }
      queues.set(key, made)
      void (ahead ? workAhead(key, made) : work(key, made))
    }
    return promise
  }
}

/** What a call sends leaves at the end of the turn in which it is made. */
async function onceSent() {
  for (let turn = 0; turn < 2; turn++) await endOfTurn()
}
