import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Db } from '@keepr/db/connect'
import { isUnavailable } from '@keepr/db/unavailable'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { waitFor } from '@keepr/dev-env/testing/wait-for'

const POOL = 3

let database: TestDatabase
let db: Db
beforeAll(async () => {
  database = await createTestDatabase()
  db = database.connectAs('keepr_api', POOL)
})
afterAll(() => database[Symbol.asyncDispose]())

const cutAll = () => database.admin`
  select pg_terminate_backend(pid) from pg_stat_activity
   where application_name = 'test-keepr_api' and datname = current_database()`
const outcomeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done' as const,
    (error: unknown) => (isUnavailable(error) ? ('unavailable' as const) : error),
  )

it('a transaction that loses its connection between two statements fails as unavailable and ends nothing else', async () => {
  for (let round = 0; round < 10; round++) {
    const outcome = await outcomeOf(
      db.withService(null, async (tx) => {
        await tx`select 1`
        await cutAll()
        // The end of the connection comes in at some moment of these; what is asked after it is refused, not written.
        for (let n = 0; n < 50; n++) await Promise.all([tx`select 1`, new Promise(setImmediate)])
      }),
    )
    expect(outcome).toBe('unavailable')
  }
})

it('what a lost transaction still asks for never runs on the connection that came after it', async () => {
  await everySlotWorks() // on a connection that is already ending it would not even begin
  const late = Promise.withResolvers<void>()
  const afterwards = Promise.withResolvers<unknown>()
  const lost = db.withService(null, async (tx) => {
    await cutAll()
    await late.promise
    afterwards.resolve(await outcomeOf(tx`select pg_sleep(0)`))
  })
  expect(await outcomeOf(lost)).toBe('unavailable')
  await everySlotWorks()
  late.resolve()
  expect(await afterwards.promise).toBe('unavailable')
})

it('every slot of the pool works again, whenever connections were cut', async () => {
  const cutting = new AbortController()
  const cutter = (async () => {
    for (let n = 0; n < 60; n++) await cutAll()
    cutting.abort()
  })()
  const seen = new Set<unknown>()
  const worker = async () => {
    while (!cutting.signal.aborted) {
      seen.add(await outcomeOf(db.withService('g', (tx) => Promise.all([tx`select 1`, tx`select pg_sleep(0.001)`]))))
      seen.add(await outcomeOf(db.ping()))
    }
  }
  await Promise.all([cutter, ...Array.from({ length: 2 * POOL }, worker)])
  expect([...seen].filter((outcome) => outcome !== 'done' && outcome !== 'unavailable')).toEqual([])
  expect(seen).toContain('unavailable')
  await everySlotWorks()
})

it('a database that takes no connections for a while is unavailable, whatever reason it gives', async () => {
  await using closed = await createTestDatabase()
  const name = new URL(closed.adminUrl).pathname.slice(1)
  const take = (allowed: boolean) => database.admin`
    alter database ${database.admin(name)} allow_connections ${database.admin.unsafe(`${allowed}`)}`
  const fresh = closed.connectAs('keepr_api', 1)
  const ask = () => outcomeOf(fresh.withService(null, (tx) => tx`select 1`))
  await take(false)
  expect(await ask()).toBe('unavailable')
  await take(true)
  expect(await ask()).toBe('done')
})

/** All at once, each on a connection of its own: one that hangs would be noticed. */
async function everySlotWorks() {
  const busy = () => db.withService(null, (tx) => tx`select pg_backend_pid() as pid, pg_sleep(0.05)`)
  await waitFor(async () => {
    const rows = await Promise.all(Array.from({ length: POOL }, busy)).catch(() => [])
    return new Set(rows.map(([row]) => Number(row?.['pid']))).size === POOL
  }, 'every connection')
}

it('the end of a connection is told to who had it, and to nobody on the one that comes after it', async () => {
  await using one = database.connectAs('keepr_api', 1)
  for (let round = 0; round < 20; round++) {
    const ended = one.withService(null, (tx) => tx`select pg_terminate_backend(pg_backend_pid())`)
    const after = one.withService(null, (tx) => tx`select 1`)
    expect([await outcomeOf(ended), await outcomeOf(after)]).toEqual(['unavailable', 'done'])
  }
})
