import { setImmediate as endOfTurn } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import type { Db } from '@keepr/db/connect'
import { isUnavailable } from '@keepr/db/unavailable'
import type { Tx } from '@keepr/db/transaction'
import type { StoryOfMany } from '@keepr/db/write-together'
import type { Actor } from '@keepr/shared/domain/actor'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'

let database: TestDatabase
let db: Db
beforeAll(async () => {
  database = await createTestDatabase()
  db = database.connectAs('keepr_api')
  await database.admin`create table notes (word text not null check (word <> 'bad'), asker text not null)`
  await database.admin`grant select, insert on notes to keepr_api`
})
beforeEach(() => database.admin`truncate notes`)
afterAll(() => database[Symbol.asyncDispose]())

const cut = async (tx: Tx) => {
  const [connection] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
  await database.admin`select pg_terminate_backend(${connection?.pid ?? 0})`
}

const user = (userId: string): Actor => ({ userId, groupId: 'acme', roles: ['author'] })
const noted = async () =>
  (await database.admin<{ word: string }[]>`select word from notes order by word`).map(({ word }) => word)

type Note = { word: string; shelf?: string; after?: (tx: Tx) => Promise<unknown> }

/** Writes words down; remembers which of them were tried in one transaction. */
function noting() {
  const tried: string[][] = []
  const story: StoryOfMany<Note, string> = {
    async run(tx, { userId }, notes) {
      tried.push(notes.map(({ word }) => word))
      await tx`insert into notes select unnest(${notes.map(({ word }) => word)}::text[]), ${userId}`
      for (const { after } of notes) await after?.(tx)
      return notes.map(({ word }) => (word === 'gone' ? new Error('gone') : `${word} of ${userId}`))
    },
    sharedBy: ({ shelf = '' }) => shelf,
    apartBy: ({ word }) => word,
  }
  return { tried, note: (actor: Actor, note: Note) => db.writeTogether(actor, story, note) }
}

it('what comes in one turn is written together, and what comes meanwhile shares the next transaction', async () => {
  const { tried, note } = noting()
  const write = (...words: string[]) => words.map((word) => note(user('u'), { word }))
  const first = write('a', 'b')
  await vi.waitFor(() => expect(tried).toHaveLength(1))
  const answers = await Promise.all([...first, ...write('c', 'd')])
  expect(answers).toEqual(['a of u', 'b of u', 'c of u', 'd of u'])
  expect(tried).toEqual([['a', 'b'], ['c', 'd']]) // prettier-ignore
})

it('users, and what has nothing in common, share no transaction; nor does the same word twice', async () => {
  const { tried, note } = noting()
  await Promise.all([
    note(user('u'), { word: 'a' }),
    note(user('v'), { word: 'b' }),
    note(user('u'), { word: 'c', shelf: 'other' }),
    note(user('u'), { word: 'd' }),
    note(user('u'), { word: 'd' }),
    note(user('u'), { word: 'e' }),
  ])
  expect(tried.map((words) => words.join(' ')).toSorted()).toEqual(['a d e', 'b', 'c', 'd'])
  expect(await noted()).toEqual(['a', 'b', 'c', 'd', 'd', 'e'])
})

it('one that is refused is refused alone, and nothing is written twice', async () => {
  const { note } = noting()
  const outcomes = await Promise.allSettled(['a', 'b', 'bad', 'c'].map((word) => note(user('u'), { word })))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  expect(await noted()).toEqual(['a', 'b', 'c'])
})

it('one that waits for a lock for too long fails alone', async () => {
  const { note } = noting()
  const free = Promise.withResolvers<undefined>()
  const locked = Promise.withResolvers<undefined>()
  const other = database.admin.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(4711)`
    locked.resolve(undefined)
    await free.promise
  })
  await locked.promise
  const lock = async (tx: Tx) => {
    await tx`select set_config('lock_timeout', '100ms', true)`
    await tx`select pg_advisory_xact_lock(4711)`
  }
  const outcomes = await Promise.allSettled([
    note(user('u'), { word: 'a' }),
    note(user('u'), { word: 'locked', after: lock }),
    note(user('u'), { word: 'b' }),
  ])
  free.resolve(undefined)
  await other
  expect(
    outcomes.map((outcome) => (outcome.status === 'rejected' ? isUnavailable(outcome.reason) : outcome.value)),
  ).toEqual(['a of u', true, 'b of u'])
  expect(await noted()).toEqual(['a', 'b'])
})

it('one that is refused among the answers is told so, and what else was written stands', async () => {
  const { tried, note } = noting()
  const outcomes = await Promise.all(
    ['a', 'gone', 'b'].map((word) => note(user('u'), { word }).catch((refused) => refused)),
  )
  expect(outcomes).toEqual(['a of u', new Error('gone'), 'b of u'])
  expect(tried).toEqual([['a', 'gone', 'b']]) // prettier-ignore
})

it('where the connection is lost, nothing is tried again: it may have been committed', async () => {
  const { tried, note } = noting()
  const first = note(user('u'), { word: 'a' })
  await endOfTurn()
  const outcomes = await Promise.all([
    first,
    ...['b', 'c'].map((word) => note(user('u'), { word, after: cut }).catch(isUnavailable)),
  ])
  expect(outcomes).toEqual(['a of u', true, true])
  expect(tried).toEqual([['a'], ['b', 'c']])
  expect(await note(user('u'), { word: 'd' })).toBe('d of u')
})

it('nor where the system tells of a lost connection in words of its own', async () => {
  const { tried, note } = noting()
  const unheard = Object.assign(new Error('read EUNHEARDOF'), { code: 'EUNHEARDOF', syscall: 'read' })
  const after = () => Promise.reject(unheard)
  const outcomes = await Promise.all(['a', 'b'].map((word) => note(user('u'), { word, after }).catch((error) => error)))
  expect(outcomes).toEqual([unheard, unheard])
  expect(tried).toEqual([['a', 'b']]) // prettier-ignore
})

it('a second one of the same word keeps its own fate where the connection of the others is lost', async () => {
  const { note } = noting()
  const outcomes = await Promise.all([
    note(user('u'), { word: 'a', after: cut }).catch(isUnavailable),
    note(user('u'), { word: 'b' }).catch(isUnavailable),
    note(user('u'), { word: 'a' }),
  ])
  expect(outcomes).toEqual([true, true, 'a of u'])
  expect(await noted()).toEqual(['a'])
})
