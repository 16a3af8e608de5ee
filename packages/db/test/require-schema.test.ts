import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect } from '@keepr/db/connect'
import { built } from '@keepr/db/require-schema'
import { isUnavailable } from '@keepr/db/unavailable'
import { root } from '@keepr/dev-env/data-dir'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const alice = { groupId: 'acme', userId: 'alice', roles: ['author' as const] }
const connected = (release = built) =>
  connect({
    url: database.urlOf('keepr_webhook'),
    applicationName: 'test-schema',
    poolSize: 2,
    connectTimeoutMs: 5000,
    statementTimeoutMs: 15_000,
    lockTimeoutMs: 10_000,
    release,
  })
const whyOf = (work: Promise<unknown>) =>
  work.then(
    () => 'works',
    (error: unknown) => (isUnavailable(error) && error instanceof Error ? error.message : error),
  )

it('the newest migration is the one that services need', () => {
  const files = readdirSync(join(root, 'migrations')).filter((name) => name.endsWith('.sql'))
  expect(built.migration).toBe(files.toSorted().at(-1)?.replace('.sql', ''))
})

it('this release is the one that the packages state', async () => {
  const { default: stated } = await import('../../../package.json', { with: { type: 'json' } })
  expect(built.release).toBe(stated.version)
})

it('a schema that is older than needed is told by name, and used as soon as it is migrated', async () => {
  await using db = connected({ ...built, migration: '9999_from_tomorrow' })
  const story = () => db.withService(null, (tx) => tx`select 1`)
  const lacks = 'the database lacks the migration 9999_from_tomorrow: run the migrations of release 0.1.0'
  expect(await whyOf(Promise.all([story(), story()]))).toBe(lacks)
  expect(await whyOf(db.withActor(alice, (tx) => tx`select 1`))).toBe(lacks)
  expect(await whyOf(db.read(alice, (tx) => tx<{ n: number }[]>`select 1 as n`))).toBe(lacks)
  expect(await whyOf(db.ping())).toBe(lacks)
  await database.admin`insert into keepr_migrations (name, run_on) values ('9999_from_tomorrow', now())`
  expect([await whyOf(story()), await whyOf(db.ping())]).toEqual(['works', 'works'])
})

it('a schema that is newer goes on working with the release before, until it says that it does not', async () => {
  await using db = connected()
  expect(await whyOf(db.withService(null, (tx) => tx`select 1`))).toBe('works') // 9999 has run, and is not known here
  await database.admin`update schema_support set oldest_release = '0.10.0'`
  const refusal = 'the database supports releases from 0.10.0 on, and this is 0.1.0'
  expect(await whyOf(db.ping())).toBe(refusal) // readiness takes away what still runs
  await using next = connected()
  expect(await whyOf(next.withService(null, (tx) => tx`select 1`))).toBe(refusal)
  await using newer = connected({ ...built, release: '1.0.0' })
  expect(await whyOf(newer.withService(null, (tx) => tx`select 1`))).toBe('works')
})

it('a database without any schema is waited for too', async () => {
  await database.admin`alter table schema_support rename to schema_support_of_nobody`
  await using db = connected()
  expect(await whyOf(db.ping())).toMatch(/^the database lacks the migration/)
})
