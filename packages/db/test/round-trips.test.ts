import { once } from 'node:events'
import { type AddressInfo, connect as dial, createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connect, type Db } from '@keepr/db/connect'
import { sqlState, type Tx } from '@keepr/db/transaction'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'

let database: TestDatabase
let flights = 0
/** As if an operator had cancelled it: an error for `begin` alone, and the connection goes on. */
let beginFails = false
/** Between the database and its client: counts how often the client speaks after it was answered. */
const wire = createServer((near) => {
  const { hostname, port } = new URL(database.adminUrl)
  const far = dial(Number(port), hostname)
  let answered = true
  near.on('data', (said: Buffer) => {
    if (answered) flights += 1
    answered = false
    const at = beginFails ? said.indexOf('begin \0') : -1
    if (at >= 0) said.write('begun', at)
  })
  far.on('data', () => {
    answered = true
  })
  near.pipe(far).pipe(near)
})

const connectAnew = (): Db => {
  const url = new URL(database.urlOf('keepr_api'))
  // SAFETY: it listens on a port.
  url.port = String((wire.address() as AddressInfo).port)
  url.hostname = '127.0.0.1'
  return connect({
    url: url.href,
    applicationName: 'test-round-trips',
    poolSize: 1,
    connectTimeoutMs: 5000,
    statementTimeoutMs: 4000,
    lockTimeoutMs: 4000,
  })
}

let db: Db
beforeAll(async () => {
  database = await createTestDatabase()
  await database.admin`create table notes (word text not null check (word <> 'bad'))`
  await database.admin`grant select, insert on notes to keepr_api`
  wire.listen(0, '127.0.0.1')
  await once(wire, 'listening')
  db = connectAnew()
})
beforeEach(() => database.admin`truncate notes`)
afterAll(async () => {
  await db.close()
  wire.close()
  await database[Symbol.asyncDispose]()
})

const write = (tx: Tx, word: string) => tx`insert into notes values (${word})`
const noted = async () =>
  (await database.admin<{ word: string }[]>`select word from notes order by word`).map(({ word }) => word)

async function flightsOf(story: () => Promise<unknown>): Promise<number> {
  await story() // from now on its statements are known to the connection
  const before = flights
  await story()
  return flights - before
}

it('begin and scope travel with the first statements of a transaction, its commit follows their answers', async () => {
  const story = () => db.withService(null, (tx) => Promise.all([write(tx, 'a'), write(tx, 'b')]))
  expect(await flightsOf(story)).toBe(2)
})

it('a commit that is sent along costs no round trip', async () => {
  const story = () =>
    db.withService(null, (tx, commit) => {
      const written = Promise.all([write(tx, 'a'), write(tx, 'b')])
      commit()
      return written
    })
  expect(await flightsOf(story)).toBe(1)
  expect(await noted()).toEqual(['a', 'a', 'b', 'b'])
})

it('where one of the last statements fails, the commit that was sent along keeps nothing', async () => {
  const failed = db.withService(null, async (tx, commit) => {
    await write(tx, 'a')
    const written = Promise.all([write(tx, 'b'), write(tx, 'bad'), write(tx, 'c')])
    commit()
    return await written
  })
  expect(sqlState(await failed.catch((error: unknown) => error))).toBe('23514')
  expect(await noted()).toEqual([])
  await db.withService(null, (tx) => write(tx, 'd'))
  expect(await noted()).toEqual(['d'])
})

it('a commit that is sent along comes after all that was asked for in the same turn, on a connection that knows none of it too', async () => {
  const fresh = connectAnew()
  await fresh.withService(null, (tx, commit) => {
    const later = async () => {
      const words = await Promise.resolve(['a', 'b'])
      return await Promise.all(words.map((word) => write(tx, word)))
    }
    const written = Promise.all([tx`select 1 as one`, later()])
    commit()
    return written
  })
  await fresh.close()
  expect(await noted()).toEqual(['a', 'b'])
})

it('a story that calls for its commit and fails without a statement that does has still been committed', async () => {
  const failed = db.withService(null, async (tx, commit) => {
    const written = write(tx, 'a')
    commit()
    await written
    throw new Error('too late')
  })
  await expect(failed).rejects.toThrow('too late')
  expect(await noted()).toEqual(['a'])
  await db.withService(null, (tx) => write(tx, 'b')) // the connection is as good as before
})

describe.each([
  ['whose statements the connection knows', true],
  ['whose statements are new to the connection', false],
])('a transaction %s', (_, known) => {
  it.each([
    ['sent along', true],
    ['sent after', false],
  ])('is told as failed where its begin fails, and harms none that follows (commit %s)', async (_when, along) => {
    await using fresh = connectAnew()
    const story = (word: string) =>
      fresh.withService(null, (tx, commit) => {
        const written = Promise.all([write(tx, word), write(tx, word)])
        if (along) commit()
        return written
      })
    if (known) await story('before')
    else await fresh.ping()
    beginFails = true
    const failed = await story('lost').catch(sqlState)
    beginFails = false
    expect(failed).toBe('42601')
    expect(fresh.pool()).toMatchObject({ running: 0, waiting: 0 })
    await database.admin`truncate notes`
    await story('after')
    expect(await noted()).toEqual(['after', 'after'])
  })
})
