import type { Actor } from '@keepr/shared/domain/actor'
import type { PendingQuery } from 'postgres'
import { gathered } from './gathered.ts'
import type { Tx } from './transaction.ts'

/** One statement for several questions of one user; each row says by its place (from 1) which of them it answers. */
export type QueryOfMany<Question, Row extends Placed> = (
  tx: Tx,
  groupId: string,
  questions: readonly Question[],
) => PendingQuery<Row[]>
export type Placed = { place: number }

export type Read = <Row extends object>(actor: Actor, query: (tx: Tx) => PendingQuery<Row[]>) => Promise<Row[]>
export type ReadTogether = <Question, Row extends Placed>(
  actor: Actor,
  query: QueryOfMany<Question, Row>,
  question: Question,
) => Promise<Row[]>

export type ReadOnce = <Row extends object>(
  actor: Actor,
  question: readonly unknown[],
  query: (tx: Tx) => PendingQuery<Row[]>,
) => Promise<readonly Row[]>

/** What stands for a user. A remembered token brings the same actor each time, so it is written once. */
const keysOfActors = new WeakMap<Actor, string>()
function keyOfActor(actor: Actor): string {
  const known = keysOfActors.get(actor)
  if (known !== undefined) return known
  const { groupId, userId, roles } = actor
  const key = JSON.stringify([groupId, userId, roles])
  keysOfActors.set(actor, key)
  return key
}

/** So few that the last of them does not wait for long. */
const MOST_AT_ONCE = 64

/**
 * What is asked in the name of one user while an earlier statement is under way is asked together by the next one, and what
 * is asked several times is asked once. A statement begins after all of its questions were asked, so no answer is
 * older than its question; users never share one, as the statement runs in the name of one.
 */
export function readTogether(read: Read): ReadTogether {
  // By query; what comes out is what that query's own rows are.
  const known = new Map<unknown, (asked: { actor: Actor; question: unknown }) => Promise<Placed[]>>()

  const make = (query: QueryOfMany<unknown, Placed>) =>
    gathered<{ actor: Actor; question: unknown }, Placed[]>(
      ({ actor }) => keyOfActor(actor),
      async (_key, asked) => {
        const [first] = asked
        if (!first) return []
        const places = new Map<string, number>()
        const questions: unknown[] = []
        const placeOf = asked.map(({ question }) => {
          const key = JSON.stringify(question)
          const place = places.get(key) ?? questions.push(question)
          places.set(key, place)
          return place
        })
        const rows = await read(first.actor, (tx) => query(tx, first.actor.groupId, questions))
        const byPlace = Map.groupBy(rows, ({ place }) => place)
        return placeOf.map((place) => byPlace.get(place) ?? [])
      },
      { maxItems: MOST_AT_ONCE },
    )

  return (actor, query, question) => {
    type Row = Awaited<ReturnType<typeof query>>[number]
    // SAFETY: only this query's questions are put to it, and only its rows come back.
    const ask = known.get(query) ?? make(query as unknown as QueryOfMany<unknown, Placed>)
    known.set(query, ask)
    return ask({ actor, question }) as Promise<Row[]> // SAFETY: see above.
  }
}

/**
 * The same for a query that answers one question: who asks the very same in the name of one user, while an earlier statement
 * for it is under way, shares the next one and its rows. `question` says all that the query depends on.
 */
export function readOncePerQuestion(read: Read): ReadOnce {
  type Asked = { actor: Actor; question: readonly unknown[]; run: () => Promise<object[]> }
  const ask = gathered<Asked, object[]>(
    ({ actor: { groupId, userId, roles }, question }) => JSON.stringify([groupId, userId, roles, question]),
    async (_key, asked) => {
      const rows = (await asked[0]?.run()) ?? []
      return asked.map(() => rows)
    },
  )
  return <Row extends object>(actor: Actor, question: readonly unknown[], query: (tx: Tx) => PendingQuery<Row[]>) =>
    ask({ actor, question, run: () => read(actor, query) }) as Promise<Row[]> // SAFETY: one question has one query, and its rows come back.
}
