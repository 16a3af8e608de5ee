import { once } from 'node:events'
import { connect as dial, createServer } from 'node:net'
import { portOf } from '@keepr/shared/runtime/port-of'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connect, type Db } from '@keepr/db/connect'
import { sqlState, type Tx } from '@keepr/db/transaction'
import type { Actor } from '@keepr/shared/domain/actor'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'

let database: TestDatabase
let flights = 0
/** As if an operator had cancelled it: an error for `begin` alone, and the connection goes on. */
let beginFails = false
/** How often the database said that it is ready for more. */
let ready = 0
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
  far.on('data', (answer: Buffer) => {
    answered = true
    ready += answer.toString('latin1').split('Z\0\0\0\x05').length - 1
  })
  near.pipe(far).pipe(near)
})

const connectAnew = (): Db => {
  const url = new URL(database.urlOf('keepr_api'))
  url.port = String(portOf(wire))
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

it('what leaves together is answered together', async () => {
  const story = () =>
    db.withService(null, (tx, commit) => {
      const written = Promise.all([write(tx, 'a'), tx`select word from notes`, write(tx, 'b')])
      commit()
      return written
    })
  await story()
  const before = ready
  const [, words, { count }] = await story()
  expect([words.map(({ word }) => word), count]).toEqual([['a', 'b', 'a'], 1]) // prettier-ignore
  expect(ready - before).toBe(1)
})

it('where one of them fails, the rest is not done and told the same, whether or not its commit was sent along', async () => {
  for (const along of [true, false]) {
    const outcomes: PromiseSettledResult<unknown>[] = []
    const failed = db.withService(null, async (tx, commit) => {
      const written = ['a', 'bad', 'c'].map((word) => write(tx, word))
      if (along) commit()
      outcomes.push(...(await Promise.allSettled(written)))
      await Promise.all(written)
    })
    expect(await failed.catch(sqlState)).toBe('23514')
    expect(outcomes.map((one) => (one.status === 'rejected' ? sqlState(one.reason) : one.status))).toEqual([
      'fulfilled',
      '23514',
      '23514',
    ])
    expect(await noted()).toEqual([])
    await db.withService(null, (tx) => tx`select 1 as one`) // the connection is as good as before
  }
})

it('what is new to the connection does not run alone where its begin fails', async () => {
  await using fresh = connectAnew()
  await fresh.withService(null, (tx) => tx`select 1 as one`) // it knows how transactions begin
  beginFails = true
  const failed = await fresh.withService(null, (tx) => Promise.all([write(tx, 'a'), write(tx, 'b')])).catch(sqlState)
  beginFails = false
  expect([failed, await noted()]).toEqual(['42601', []])
  await fresh.withService(null, (tx) => write(tx, 'c'))
  expect(await noted()).toEqual(['c'])
})

it.each([
  ['behind what is on its way', false],
  ['with nothing on its way', true],
])('what cannot be sent fails alone, and others have their own answers (%s)', async (_, alone) => {
  const at = (tx: Tx, time: Date) => tx`select ${time}::timestamptz as at`
  await db.withService(null, (tx) => at(tx, new Date()))
  const outcomes: PromiseSettledResult<unknown>[] = []
  const failed = db.withService(null, async (tx) => {
    if (alone) await tx`select 1 as one`
    outcomes.push(...(await Promise.allSettled([tx`select 6 as six`, at(tx, new Date(NaN)), tx`select 7 as seven`])))
  })
  await expect(failed).rejects.toThrow('Invalid time value')
  expect(outcomes).toMatchObject([
    { status: 'fulfilled', value: [{ six: 6 }] },
    { status: 'rejected' },
    { status: 'fulfilled', value: [{ seven: 7 }] },
  ])
})

it('a statement without any command takes no other answer', async () => {
  const answers = await db.withService(null, (tx) =>
    Promise.all([tx`-- nothing`, tx`select 1 as one`, tx`select 2 as two`]),
  )
  expect(answers.map((rows) => [...rows])).toEqual([[], [{ one: 1 }], [{ two: 2 }]])
})

it('a read that fails after some of its rows leaves nothing to the next one', async () => {
  const reader: Actor = { userId: 'u', groupId: 'acme', roles: ['consumer'] }
  const failed = db.read(reader, (tx) => tx`select 1 / (3 - n) as quotient from generate_series(1, 5) as n`)
  expect(await failed.catch(sqlState)).toBe('22012')
  expect([...(await db.read(reader, (tx) => tx`select 'a' as word`))]).toEqual([{ word: 'a' }])
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
    expect(await noted()).not.toContain('lost')
    expect(fresh.pool()).toMatchObject({ running: 0, waiting: 0 })
    await database.admin`truncate notes`
    await story('after')
    expect(await noted()).toEqual(['after', 'after'])
  })
})
