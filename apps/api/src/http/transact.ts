import type { PendingQuery } from 'postgres'
import type { Tx } from '@keepr/db/transaction'
import type { StoryOfMany } from '@keepr/db/write-together'
import { type Problem, problem } from '@keepr/shared/problem'
import { type Answer, send } from './answer.ts'
import type { Call } from './api.ts'
import { keepAnswer, replayedAnswer } from './idempotency.ts'
import { problemBody } from './problems.ts'

/**
 * The one place where the transaction of a write is opened. With an Idempotency-Key, the answer commits together with
 * its effect, or the first answer is given again. After the commit the relay is told to look.
 */
export async function transact(c: Call, story: (tx: Tx) => Promise<Answer>): Promise<Response> {
  return send(c, await transactAnswer(c, story))
}

/** The same for a route that may go on after the commit, waiting for a verdict for `waitMs` at most. */
export async function transactAnswer(c: Call, story: (tx: Tx) => Promise<Answer>, waitMs = 0): Promise<Answer> {
  const { db, nudge, submitted } = c.get('ctx')
  const keyed = c.get('keyed')
  const answer = await db.withActor(c.get('actor'), async (tx) => {
    const replayed = keyed && (await replayedAnswer(tx, keyed))
    if (replayed) return replayed
    const first = await story(tx)
    if (keyed) await keepAnswer(tx, keyed, first, first.status === 202 ? waitMs : 0)
    return first
  })
  if (answer.leased) submitted(answer.leased)
  else nudge()
  return answer
}

/** Asks the database in the name of the caller. */
export type Read = <Row extends object>(query: (tx: Tx) => PendingQuery<Row[]>) => Promise<Row[]>

/** So often it is asked for anew, where what it came to is gone before it can be read. */
const MOST_TRIES = 3

/**
 * The same for what may share its transaction with what else the same user asks for at that time. An answer that is kept
 * commits together with its own effect only, so with an Idempotency-Key it shares none. Where `answerOf` finds gone what
 * the item came to, which nothing holds after the commit, it is asked for anew.
 */
export async function transactTogether<Item, Out>(
  c: Call,
  { story, item, waitMs }: { story: StoryOfMany<Item, Out>; item: Item; waitMs: number },
  answerOf: (out: Out, read: Read) => Promise<Answer | undefined>,
): Promise<Answer> {
  const { db, submitted } = c.get('ctx')
  const actor = c.get('actor')
  if (c.get('keyed')) {
    const alone = async (tx: Tx) => {
      const [out] = await story.run(tx, actor, [item], () => {}) // the answer is kept before it commits
      if (out instanceof Error) throw out
      const answer = await answerOf(out as Out, (query) => query(tx)) // SAFETY: one answer for each item.
      if (!answer) throw problem('overloaded')
      return answer
    }
    return await transactAnswer(c, alone, waitMs)
  }
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const answer = await answerOf(await db.writeTogether(actor, story, item), (query) => db.read(actor, query))
    if (!answer) continue
    submitted(answer.leased)
    return answer
  }
  throw problem('overloaded')
}

/**
 * Keeps the refusal of a request with an Idempotency-Key, whose own transaction has been rolled back, or gives the
 * answer that the key has already. What may pass by itself (401, 429, 5xx, in-progress) is not kept.
 */
export async function keepRefusal(c: Call, refusal: Problem): Promise<Response | undefined> {
  const keyed = c.get('keyed')
  if (!keyed || refusal.status >= 500 || [401, 429].includes(refusal.status)) return undefined
  if (['in-progress', 'idempotency-key-reused'].includes(refusal.code)) return undefined
  const answer: Answer = {
    status: refusal.status,
    headers: { 'content-type': 'application/problem+json' },
    body: problemBody(refusal, c.get('requestId')),
  }
  const kept = await c.get('ctx').db.withActor(c.get('actor'), async (tx) => {
    const replayed = await replayedAnswer(tx, keyed)
    if (!replayed) await keepAnswer(tx, keyed, answer)
    return replayed
  })
  return kept && send(c, kept)
}
