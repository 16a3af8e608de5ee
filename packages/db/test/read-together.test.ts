import { setImmediate as endOfTurn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Db } from '@keepr/db/connect'
import type { QueryOfMany } from '@keepr/db/read-together'
import type { Actor } from '@keepr/shared/domain/actor'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { waitFor } from '@keepr/dev-env/testing/wait-for'

type Row = { place: number; word: string; value: number; asker: string }

let database: TestDatabase
let db: Db
beforeAll(async () => {
  database = await createTestDatabase()
  db = database.connectAs('keepr_api')
  await database.admin`create table words (word text primary key, value int not null)`
  await database.admin`insert into words select 'word-' || n, n from generate_series(1, 50) n`
  await database.admin`grant select on words to keepr_api`
})
afterAll(() => database[Symbol.asyncDispose]())

const user = (userId: string): Actor => ({ userId, groupId: 'acme', roles: ['consumer'] })

/** The value of each word, and in whose name the database was asked. Notes the words of each statement. */
function askingForWords() {
  const statements: string[][] = []
  const query: QueryOfMany<string, Row> = (tx, _groupId, words) => {
    statements.push([...words])
    return tx<Row[]>`
      select asked.place::int as place, w.word, w.value, current_setting('keepr.user_id') as asker
        from unnest((select ${words}::text[])) with ordinality asked (word, place) join words w on w.word = asked.word`
  }
  return { statements, ask: (actor: Actor, word: string) => db.readTogether(actor, query, word) }
}

it('answers each question of many in the name of who asked it', async () => {
  const { ask, statements } = askingForWords()
  const asked = Array.from({ length: 40 }, (_, index) => ({ asker: `user-${index % 2}`, value: index + 1 }))
  const answers = await Promise.all(asked.map(({ asker, value }) => ask(user(asker), `word-${value}`)))
  expect(answers.map(([row]) => ({ asker: row?.asker, value: row?.value }))).toEqual(asked)
  expect(statements).toHaveLength(2) // one of each user
})

it('asks once what is asked several times, and tells everyone', async () => {
  const { ask, statements } = askingForWords()
  const answers = await Promise.all(
    ['word-1', 'word-2', 'word-2', 'nothing', 'word-2'].map((word) => ask(user('a'), word)),
  )
  expect(answers.map((rows) => rows.map(({ value }) => value))).toEqual([[1], [2], [2], [], [2]])
  expect(statements).toEqual([['word-1', 'word-2', 'nothing']])
})

it('never answers with what was read before it was asked', async () => {
  const { ask, statements } = askingForWords()
  const holder = await database.admin.reserve()
  await holder`begin`
  await holder`lock table words in access exclusive mode`
  const before = ask(user('a'), 'word-7')
  await waitFor(async () => {
    const [row] = await database.admin<{ waits: boolean }[]>`
      select exists (
        select from pg_locks where not granted and relation = 'words'::regclass
           and pid in (select pid from pg_stat_activity where datname = current_database())) as waits`
    return row?.waits ?? false
  }, 'the first statement to be under way')
  const after = ask(user('a'), 'word-7')
  expect(statements).toEqual([['word-7']]) // the second waits for its own
  await holder`update words set value = 700 where word = 'word-7'`
  await holder`commit`
  holder.release()
  await before
  expect((await after)[0]?.value).toBe(700)
  expect(statements).toHaveLength(2)
})

it('fails with its own statement only', async () => {
  const broken: QueryOfMany<string, Row> = (tx, _groupId, words) =>
    tx<Row[]>`select asked.place::int as place, '' as word, 1 / (asked.number::int - 13) as value, '' as asker
                from unnest((select ${words}::text[])) with ordinality asked (number, place)`
  const ask = (number: string) => db.readTogether(user('a'), broken, number)
  const first = ask('1')
  await endOfTurn() // the others come while it is under way
  const answers = await Promise.allSettled([first, ask('13'), ask('2')])
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
  await expect(db.readTogether(user('a'), broken, '1')).resolves.toHaveLength(1)
})

it('a query of its own is asked once by all who ask the same at once, each user by itself', async () => {
  let statements = 0
  const ask = (actor: Actor, word: string) =>
    db.readShared(actor, ['word', word], (tx) => {
      statements += 1
      return tx<Row[]>`select word, value, current_setting('keepr.user_id') as asker from words where word = ${word}`
    })
  const asked = ['a', 'b', 'a', 'b'].flatMap((asker) => ['word-3', 'word-4'].map((word) => ({ asker, word })))
  const answers = await Promise.all(asked.map(({ asker, word }) => ask(user(asker), word)))
  expect(answers.map(([row]) => ({ asker: row?.asker, word: row?.word }))).toEqual(asked)
  expect(statements).toBe(4)
})

it('a question that comes while its query is under way is answered by the next one', async () => {
  const ask = (seconds: number) =>
    db.readShared(
      user('a'),
      ['time'],
      (tx) => tx<{ at: number }[]>`
      select extract(epoch from clock_timestamp())::float8 as at from pg_sleep(${seconds})`,
    )
  const first = ask(0.05)
  await endOfTurn()
  const [meanwhile, alike] = [ask(0), ask(0)]
  const [[before], [after], [same]] = await Promise.all([first, meanwhile, alike])
  expect(after?.at).toBeGreaterThan(before?.at ?? Infinity)
  expect(same).toEqual(after)
})
