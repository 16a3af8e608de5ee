import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { connect, type Db } from '@keepr/db/connect'
import { DatabaseBusy, inTime } from '@keepr/db/in-time'
import { isUnavailable } from '@keepr/db/unavailable'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'

let database: TestDatabase
let db: Db
beforeAll(async () => {
  database = await createTestDatabase()
  db = database.connectAs('keepr_api', 1)
})
afterAll(() => database[Symbol.asyncDispose]())

const alice = { groupId: 'acme', userId: 'alice', roles: ['author' as const] }

it('more requests than could have their turn in time are refused at once, and the others have it', async () => {
  const held = Promise.withResolvers<void>()
  const free = Promise.withResolvers<void>()
  const holder = db.withActor(alice, async (tx) => {
    await tx`select 1`
    held.resolve()
    await free.promise
  })
  await held.promise
  let refused = 0
  const reads = Array.from({ length: 400 }, () =>
    db
      .read(alice, (tx) => tx<{ n: number }[]>`select 1 as n`)
      .then(
        ([row]) => row?.n,
        (error: unknown) => (isUnavailable(error) ? (refused += 1) && 'refused' : error),
      ),
  )
  await new Promise(setImmediate)
  expect(refused).toBe(201) // the holder is one of the 200 that may wait
  free.resolve()
  await holder
  const answers = await Promise.all(reads)
  expect(answers.filter((answer) => answer === 1)).toHaveLength(199)
  expect(answers.filter((answer) => answer === 'refused')).toHaveLength(201)
  expect(await db.read(alice, (tx) => tx<{ n: number }[]>`select 2 as n`)).toMatchObject([{ n: 2 }])
})

it('a service asks no longer than a user may wait who asked it, and does nothing afterwards', async () => {
  await using hurried = connect({
    url: database.urlOf('keepr_api'),
    applicationName: 'test-in-time',
    poolSize: 1,
    connectTimeoutMs: 5000,
    statementTimeoutMs: 200,
    lockTimeoutMs: 200,
  })
  const free = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const holder = hurried.withService('acme', async (tx) => {
    await tx`select 1`
    held.resolve()
    await free.promise
  })
  await held.promise
  let done = false
  const late = hurried.withServiceInTime('acme', async () => {
    done = true
  })
  await expect(late).rejects.toThrow(DatabaseBusy)
  free.resolve()
  await holder
  expect(await hurried.withServiceInTime('acme', (tx) => tx`select 3 as n`)).toMatchObject([{ n: 3 }])
  expect(done).toBe(false)
})

it('who waited for a connection and then for a database that is frozen is told so as soon as who only waited for that', async () => {
  vi.useFakeTimers()
  try {
    const turn = Promise.withResolvers<void>()
    const told = vi.fn()
    const frozen = async (begun: () => void) => {
      await turn.promise
      begun()
      await new Promise(() => {})
    }
    inTime({ startMs: 4000, endMs: 9000, atOnce: 1 })(frozen).catch(told)
    await vi.advanceTimersByTimeAsync(3900)
    turn.resolve()
    await vi.advanceTimersByTimeAsync(5000)
    expect(told).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(100)
    expect(told).toHaveBeenCalledWith(new DatabaseBusy())
  } finally {
    vi.useRealTimers()
  }
})
