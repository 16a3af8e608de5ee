import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Db } from '@keepr/db/connect'
import { enqueueMessage } from '@keepr/dev-env/testing/enqueue-message'
import { freeExpiredLeases } from '@keepr/db/outbox/free-expired-leases'
import { keepLease } from '@keepr/db/outbox/keep-lease'
import { leaseMessages } from '@keepr/db/outbox/lease-messages'
import { renewLease } from '@keepr/db/outbox/renew-lease'
import { rescheduleMessage } from '@keepr/db/outbox/reschedule-message'
import { giveBackWakeUp } from '@keepr/db/outbox/take-wake-up'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { waitFor } from '@keepr/dev-env/testing/wait-for'

const LEASE_MS = 500
const kind = 'validate_run' as const
const lane = 'slow'

let database: TestDatabase
let db: Db
beforeAll(async () => {
  database = await createTestDatabase()
  db = database.connectAs('keepr_validation')
})
afterAll(() => database[Symbol.asyncDispose]())

const lease = () =>
  db.withService(null, (tx) => leaseMessages(tx, { kind, lane, perLane: 10, limit: 10, leaseMs: LEASE_MS }))
const log = { warn: () => {} }

/** A message that is leased to who works on it. */
async function atWork() {
  const ref = randomUUIDv7()
  await db.withService(null, (tx) => enqueueMessage(tx, { kind, lane, group_id: 'g', refs: [ref] }))
  const [message] = await lease()
  if (!message) throw new Error('it was not leased')
  return { ...message, ref }
}
const stateOf = async ({ id }: { id: string }) => {
  const [row] = await database.admin<{ leased_until: Date | null; late: boolean; due_in_s: number }[]>`
    select leased_until, leased_until < now() as late, extract(epoch from due_at - now())::float8 as due_in_s from outbox where id = ${id}`
  return row
}

it('a message whose call lasts longer than its lease is given to nobody else meanwhile', async () => {
  const message = await atWork()
  const first = await stateOf(message)
  const given = await keepLease(
    { db, log },
    { kind, ref: message.ref },
    async () => {
      // The lease that it began with is over by then.
      await waitFor(
        async () => Number((await stateOf(message))?.leased_until) > Number(first?.leased_until) + LEASE_MS,
        'a renewal',
      )
      await db.withService(null, freeExpiredLeases)
      return await lease()
    },
    LEASE_MS,
  )
  expect(given).toEqual([])
  await waitFor(async () => (await stateOf(message))?.late, 'the end of the lease, which nobody renews any more')
})

it('what was scheduled anew in the meantime is neither leased by a renewal that comes late nor made due by who gives it back', async () => {
  const message = await atWork()
  const later = { kind, lane, group_id: 'g', refs: [message.ref], delayMs: 60_000 }
  await db.withService(null, (tx) => rescheduleMessage(tx, later))
  await db.withService(null, (tx) => renewLease(tx, { kind, ref: message.ref, leaseMs: LEASE_MS }))
  await giveBackWakeUp({ db, log, relay: { nudgeIn: () => {} } }, message)
  const state = await stateOf(message)
  expect(state?.leased_until).toBeNull()
  expect(state?.due_in_s).toBeGreaterThan(30)
})
