import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, type Db } from '@keepr/db/connect'
import type { Actor } from '@keepr/shared/domain/actor'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { waitFor } from '@keepr/dev-env/testing/wait-for'

// A migration changes tables while services run: what they have prepared does not fit any more.
let database: TestDatabase
let db: Db
beforeAll(async () => {
  database = await createTestDatabase()
  await database.admin`create table notes (word text not null)`
  await database.admin`create table others (word text not null)`
  await database.admin`grant select, insert on notes, others to keepr_api`
  db = connect({
    url: database.urlOf('keepr_api'),
    applicationName: 'test-stale',
    poolSize: 1,
    connectTimeoutMs: 5000,
    statementTimeoutMs: 4000,
    lockTimeoutMs: 4000,
  })
})
afterAll(async () => {
  await db.close()
  await database[Symbol.asyncDispose]()
})

const root: Actor = { userId: 'root', groupId: 'acme', roles: ['admin'] }
const alice: Actor = { userId: 'alice', groupId: 'other', roles: ['consumer'] }

it('a read is asked again, and nobody gets the answer to another one on the same connection', async () => {
  await database.admin`insert into notes values ('of acme')`
  const ofAcme = () => db.read(root, (tx) => tx<{ word: string }[]>`select word from notes limit 1`)
  // Slow, so that more is sent while it runs.
  const ofAlice = (n: number) =>
    db.read(
      alice,
      (tx) => tx<{ word: string }[]>`
        select current_setting('keepr.user_id') || ${n}::int as word from (select pg_sleep(0.05)) slow`,
    )
  const isAt = (what: string) =>
    waitFor(async () => {
      const rows = await database.admin`
        select from pg_stat_activity
         where application_name = 'test-stale' and (wait_event_type, wait_event) in (('Lock', ${what}), ('Timeout', ${what}))`
      return rows.count > 0
    }, `the connection to be at ${what}`)
  for (let time = 0; time < 2; time++) await Promise.all([ofAcme(), ofAlice(0)]) // prepared from now on
  const { asked } = await database.admin.begin(async (migration) => {
    await migration`alter table notes alter column word type varchar(99)`
    const stale = ofAcme()
    await isAt('relation')
    return { asked: [stale, ofAlice(1), ofAlice(2)] }
  })
  await isAt('PgSleep')
  const words = (await Promise.all([...asked, ofAlice(3)])).map(([row]) => row?.word)
  expect(words).toEqual(['of acme', 'alice1', 'alice2', 'alice3'])
})

it.each([
  ['sent along', true],
  ['sent after', false],
])('a transaction is done again as a whole, in its own name (commit %s)', async (_, along) => {
  const note = (word: string) =>
    db.withService('acme', async (tx, commit) => {
      await tx`insert into others values (${word})`
      const last =
        tx`insert into notes (word) values (${word} || current_setting('keepr.group_id')) returning *`.execute()
      if (along) commit()
      return await last
    })
  await database.admin`truncate notes, others`
  await note('a-')
  await note('b-')
  await database.admin`alter table notes add column ${database.admin(along ? 'more' : 'still_more')} text`
  await note('c-')
  expect(await database.admin`select word from notes order by word`).toEqual(
    ['a-acme', 'b-acme', 'c-acme'].map((word) => ({ word })),
  )
  expect(await database.admin`select word from others order by word`).toEqual(
    ['a-', 'b-', 'c-'].map((word) => ({ word })),
  )
})
