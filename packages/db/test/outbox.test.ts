import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Db } from '@keepr/db/connect'
import { listGroupsWaiting } from '@keepr/db/deliveries/list-groups-waiting'
import { noteDelivered } from '../src/deliveries/note-delivered.ts'
import { missDeliveries } from '@keepr/db/deliveries/miss-deliveries'
import { placeEvents } from '@keepr/db/events/place-events'
import { bringForwardParked } from '@keepr/db/outbox/bring-forward-parked'
import { enqueueMessage } from '@keepr/dev-env/testing/enqueue-message'
import { finishMessage } from '@keepr/db/outbox/finish-message'
import { finishRunMessages } from '@keepr/db/outbox/finish-run-messages'
import { freeExpiredLeases } from '@keepr/db/outbox/free-expired-leases'
import { giveBackDeliveries } from '@keepr/db/outbox/give-back-deliveries'
import { leaseMessages } from '@keepr/db/outbox/lease-messages'
import { measureLanes } from '@keepr/db/outbox/measure-lanes'
import { startRelay, type Publish } from '@keepr/db/outbox/relay'
import { rescheduleMessage } from '@keepr/db/outbox/reschedule-message'
import { takeEventMessages } from '@keepr/db/outbox/take-event-messages'
import { wakeProbes } from '@keepr/db/outbox/wake-probes'
import type { LeasedMessage } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { waitFor } from '@keepr/dev-env/testing/wait-for'

let database: TestDatabase
let db: Db
beforeAll(async () => {
  database = await createTestDatabase()
  db = database.connectAs('keepr_validation')
})
afterAll(() => database[Symbol.asyncDispose]())

const relayWith = (
  publish: Publish,
  { perLane = 100, wakesPerLane = 100, leaseMs = 20_000, pollMs = 50, judgedInTurn = [] as string[] } = {},
) =>
  startRelay({
    db,
    publish,
    pollMs,
    log: { warn: () => {}, error: () => {} },
    judgedInTurn: () => judgedInTurn,
    bounds: {
      perLane: { validate_run: perLane, fan_out_events: perLane, deliver_webhook: perLane },
      batchSize: 50,
      leaseMs,
      wakesPerLane,
      maxFailures: 2,
    },
  })

const recordTo =
  (record: (messages: LeasedMessage[]) => unknown): Publish =>
  async (_kind, messages) => {
    record(messages)
    return []
  }

const groupOf = new Map<string, string>()
const enqueue = (lane: string, group_id: string) => {
  const ref = randomUUIDv7()
  groupOf.set(ref, group_id)
  return db.withService(null, async (tx) => {
    await enqueueMessage(tx, { kind: 'validate_run', lane, group_id, refs: [ref] })
    return ref
  })
}
const finish = (ref: string) =>
  db.withService(null, (tx) => finishMessage(tx, { kind: 'validate_run', group_id: groupOf.get(ref) ?? '', ref }))
const firstRef = (message: LeasedMessage) => message.refs[0] ?? ''

it('a message is ended by its own group only', async () => {
  const ref = await enqueue('own', 'acme')
  const left = () => database.admin`select from outbox where refs[1] = ${ref}`
  await db.withService(null, (tx) => finishMessage(tx, { kind: 'validate_run', group_id: 'evil', ref }))
  expect(await left()).toHaveLength(1)
  await finish(ref)
  expect(await left()).toHaveLength(0)
})

describe('the relay', () => {
  it('gives groups of one lane their turns, however long one backlog is', async () => {
    const seen: LeasedMessage[] = []
    const busy = await Promise.all(Array.from({ length: 30 }, () => enqueue('fair', 'busy')))
    const quiet = await enqueue('fair', 'quiet')
    await using _relay = relayWith(
      recordTo((messages) => seen.push(...messages)),
      { perLane: 4 },
    )
    await waitFor(() => seen.length >= 4, 'four messages')
    expect(seen.map(firstRef)).toContain(quiet)
    expect(seen).toHaveLength(4)
    await Promise.all([...busy, quiet].map(finish))
  })

  it('gives a group its turn also where room comes one by one, as the other has all that is in flight', async () => {
    const seen: LeasedMessage[] = []
    const busy = await Promise.all(Array.from({ length: 10 }, () => enqueue('one by one', 'busy')))
    await using relay = relayWith(
      recordTo((messages) => seen.push(...messages)),
      { perLane: 3 },
    )
    await waitFor(() => seen.length === 3, 'the lane to be full')
    const quiet = await enqueue('one by one', 'quiet')
    await finish(seen.map(firstRef)[0] ?? '')
    relay.nudge()
    await waitFor(() => seen.length === 4, 'the next one')
    expect(seen.map(firstRef)[3]).toBe(quiet)
    await Promise.all([...busy, quiet].map(finish))
  })

  it('never has more in flight in a lane than the lane may, and other lanes go on', async () => {
    const seen: LeasedMessage[] = []
    const slow = await Promise.all(Array.from({ length: 10 }, () => enqueue('slow', 'g')))
    await using relay = relayWith(
      recordTo((messages) => seen.push(...messages)),
      { perLane: 3 },
    )
    await waitFor(() => seen.length === 3, 'the lane to be full')
    const other = await enqueue('other', 'g')
    relay.nudge()
    await waitFor(() => seen.some((message) => firstRef(message) === other), 'the other lane')
    expect(seen.filter((message) => message.lane === 'slow')).toHaveLength(3)
    await Promise.all([...slow, other].map(finish))
  })

  it('wakes few workers of a lane at a time, as those at work take others over; later, or when they are done, more', async () => {
    const seen: LeasedMessage[] = []
    const all = await Promise.all(Array.from({ length: 12 }, () => enqueue('crowded', 'g')))
    await using relay = relayWith(
      recordTo((messages) => seen.push(...messages)),
      { wakesPerLane: 3, judgedInTurn: ['crowded'] },
    )
    await waitFor(() => seen.length === 3, 'the first to be woken for')
    const other = await enqueue('beside the crowd', 'g')
    relay.nudge()
    await waitFor(() => seen.some((message) => firstRef(message) === other), 'the other lane')
    expect(seen).toHaveLength(4)
    await finish(seen.map(firstRef)[0] ?? '')
    relay.nudge()
    await waitFor(() => seen.length === 5, 'the place of one that is done')
    const taken = await db.withService(null, (tx) =>
      leaseMessages(tx, { kind: 'validate_run', lane: 'crowded', perLane: 100, limit: 2, leaseMs: 22_000 }),
    )
    expect(taken).toHaveLength(2) // by those at work, whom the bound is not meant for
    await database.admin`update outbox set leased_until = leased_until - interval '1 second' where lane = 'crowded'`
    await waitFor(() => seen.length === 8, 'more, a second later')
    await Promise.all([...all, other].map(finish))
  })

  it('relays again what nobody finished before the lease ran out', async () => {
    const seen: string[] = []
    const ref = await enqueue('lost', 'g')
    await using _relay = relayWith(
      recordTo((messages) => seen.push(...messages.map(firstRef))),
      { leaseMs: 200 },
    )
    await waitFor(() => seen.filter((id) => id === ref).length >= 2, 'the second relaying')
    await finish(ref)
  })

  it('lets a message rest, each time longer, that again and again nobody finished: it may be what kills the workers', async () => {
    const ref = await enqueue('poison', 'g')
    const loseTheWorker = async () => {
      await database.admin`update outbox set leased_until = now() - interval '1 second' where refs[1] = ${ref}`
      const freed = await db.withService(null, freeExpiredLeases)
      const [row] = await database.admin<{ rest_s: number }[]>`
        select extract(epoch from due_at - clock_timestamp())::float8 as rest_s from outbox where refs[1] = ${ref}`
      return { rest: row?.rest_s ?? Number.NaN, told: freed.map(({ refs, rests }) => ({ refs, rests })) }
    }
    for (const [least, most] of [
      [Number.NEGATIVE_INFINITY, 0],
      [Number.NEGATIVE_INFINITY, 0],
      [4, 15],
      [9, 30],
    ] as const) {
      const { rest, told } = await loseTheWorker()
      expect(rest).toBeGreaterThan(least)
      expect(rest).toBeLessThanOrEqual(most)
      expect(told).toEqual([{ refs: [ref], rests: most > 0 }])
    }
    for (let time = 0; time < 40; time++) await loseTheWorker()
    expect((await loseTheWorker()).rest).toBeLessThanOrEqual(900)
    const next = { kind: 'validate_run' as const, lane: 'poison', group_id: 'g', refs: [ref], delayMs: 0 }
    await db.withService(null, (tx) => rescheduleMessage(tx, next))
    expect((await loseTheWorker()).rest).toBeLessThanOrEqual(0) // somebody was done with it for then
    await finish(ref)
  })

  it('keeps everything while the queue cannot be reached', async () => {
    let down = true
    const seen: string[] = []
    const ref = await enqueue('down', 'g')
    await using _relay = relayWith(async (_kind, messages) => {
      if (down) throw new Error('unreachable')
      seen.push(...messages.map(firstRef))
      return []
    })
    await waitFor(
      async () => (await database.admin`select 1 from outbox where lane = 'down' and leased_until is null`).count,
      'the release',
    )
    down = false
    await waitFor(() => seen.includes(ref), 'the message')
    await finish(ref)
  })

  it('hands over at once what was written leased, and gives it back where the queue cannot be reached', async () => {
    const ref = await enqueue('handed', 'g')
    const row = () => database.admin<(LeasedMessage & { leased_until: string | null })[]>`
      select id, kind, lane, group_id, refs, generation, traceparent, leased_until from outbox where refs[1] = ${ref}`
    await database.admin`update outbox set leased_until = now() + interval '20 seconds' where refs[1] = ${ref}`
    const [message] = await row()
    let down = true
    const seen: string[] = []
    const publish: Publish = async (_kind, messages) => {
      if (down) throw new Error('unreachable')
      seen.push(...messages.map(firstRef))
      return []
    }
    await using relay = relayWith(publish, { perLane: 0 }) // leases nothing by itself
    if (message) relay.submitted(message)
    await waitFor(async () => (await row())[0]?.leased_until === null, 'the release')
    expect(seen).toEqual([])
    down = false
    await database.admin`update outbox set leased_until = now() + interval '20 seconds' where refs[1] = ${ref}`
    if (message) relay.submitted(message)
    await waitFor(() => seen.length > 0, 'the message')
    expect(seen).toEqual([ref])
    expect((await row())[0]?.leased_until).not.toBeNull()
    await finish(ref)
  })

  it('carries the events of a submission also while no verdict comes', async () => {
    const ref = await enqueue('without a verdict', 'g')
    const [message] = await database.admin<LeasedMessage[]>`
      update outbox set leased_until = now() + interval '20 seconds' where refs[1] = ${ref}
      returning id, kind, lane, group_id, refs, generation, traceparent`
    const event = randomUUIDv7()
    const seen: string[] = []
    await using relay = relayWith(
      recordTo((messages) => seen.push(...messages.map(firstRef))),
      { pollMs: 600_000 },
    )
    relay.nudge()
    await db.withService(null, (tx) =>
      enqueueMessage(tx, { kind: 'fan_out_events', lane: 'events', group_id: 'g', refs: [event] }),
    )
    if (message) relay.submitted(message)
    await waitFor(() => seen.includes(event), 'its event')
    await finish(ref)
    await database.admin`delete from outbox where refs[1] = ${event}`
  })

  it('sets a message aside that the queue refuses again and again, lets others pass, and takes it up again when it is due anew', async () => {
    const poison = await enqueue('poison', 'g')
    const good = await enqueue('poison', 'g')
    const seen: string[] = []
    let isRefused = true
    await using _relay = relayWith(async (_kind, messages) => {
      seen.push(...messages.map(firstRef))
      const refused = isRefused ? messages.filter((message) => firstRef(message) === poison) : []
      return refused.map(({ id }) => ({ id, reason: 'refused' }))
    })
    await waitFor(() => seen.includes(good), 'the good message')
    const [row] = await waitFor(async () => {
      const rows =
        await database.admin`select failures from outbox where refs[1] = ${poison} and quarantined_at is not null`
      return rows.count ? rows : false
    }, 'the quarantine')
    expect(row?.['failures']).toBe(2)
    isRefused = false
    seen.length = 0
    await db.withService(null, (tx) =>
      rescheduleMessage(tx, { kind: 'validate_run', lane: 'poison', group_id: 'g', refs: [poison], delayMs: 0 }),
    )
    await waitFor(() => seen.includes(poison), 'another chance, once it is due anew')
    await Promise.all([poison, good].map(finish))
  })

  it('lets a message be due later, under a new generation', async () => {
    const ref = await enqueue('later', 'g')
    const generations: number[] = []
    await using relay = relayWith(recordTo((messages) => generations.push(...messages.map((m) => m.generation))))
    await waitFor(() => generations.length === 1, 'the first')
    await db.withService(null, (tx) =>
      rescheduleMessage(tx, { kind: 'validate_run', lane: 'later', group_id: 'g', refs: [ref], delayMs: 100 }),
    )
    relay.nudgeIn(100)
    await waitFor(() => generations.length === 2, 'the second')
    expect(generations).toEqual([0, 1])
    await finish(ref)
  })

  it('carries each message once when several relays run', async () => {
    const seen: string[] = []
    const refs = await Promise.all(Array.from({ length: 100 }, () => enqueue('many', 'g')))
    const publish = recordTo((messages) => seen.push(...messages.map(firstRef)))
    await using _one = relayWith(publish)
    await using _two = relayWith(publish)
    await using _three = relayWith(publish)
    await waitFor(() => seen.length >= 100, 'all messages')
    expect(new Set(seen).size).toBe(seen.length)
    await Promise.all(refs.map(finish))
  })

  it('wakes one worker at once for the events of a group, however many wait: it takes all of them', async () => {
    await using other = await createTestDatabase()
    const otherDb = other.connectAs('keepr_webhook')
    const add = (group_id: string) =>
      otherDb.withService(null, (tx) =>
        enqueueMessage(tx, { kind: 'fan_out_events', lane: 'events', group_id, refs: [randomUUIDv7()] }),
      )
    await Promise.all([add('busy'), add('busy'), add('busy'), add('quiet')])
    const lease = () =>
      otherDb.withService(null, (tx) =>
        leaseMessages(tx, { kind: 'fan_out_events', perLane: 10, together: ['events'], limit: 10, leaseMs: 20_000 }),
      )
    expect((await lease()).map(({ group_id }) => group_id).toSorted()).toEqual(['busy', 'quiet'])
    expect(await lease()).toEqual([])
    // A second later who was woken may have died.
    await other.admin`update outbox set leased_until = leased_until - interval '2 seconds' where leased_until is not null`
    expect((await lease()).map(({ group_id }) => group_id)).toEqual(['busy'])
  })

  it('gives back a lease of its own only: not one that somebody got since, nor a message that is being ended', async () => {
    await using other = await createTestDatabase()
    const otherDb = other.connectAs('keepr_webhook')
    const ids = Array.from({ length: 3 }, () => randomUUIDv7())
    const [own = '', ofAnother = '', locked = ''] = ids
    await other.admin`
      insert into outbox (id, kind, lane, group_id, refs, leased_until)
      select gen_random_uuid(), 'deliver_webhook', 'lane', 'g', array[id], now() + make_interval(secs => case id when ${ofAnother} then 40 else 20 end)
        from unnest(${ids}::uuid[]) id`
    const given = ids.map((id) => ({ id, lease_ends_by_ms: Date.now() + 30_000 }))
    await other.admin.begin(async (ending) => {
      await ending`select from outbox where refs[1] = ${locked} for update`
      await otherDb.withService(null, (tx) => giveBackDeliveries(tx, given))
    })
    const free = await other.admin`select refs[1] as id from outbox where leased_until is null`
    expect(free).toEqual([{ id: own }])
  })

  it('touches no more of a long backlog than it takes, also when it was planned while nothing waited', async () => {
    await using other = await createTestDatabase()
    await other.admin`vacuum analyze outbox`
    const otherDb = other.connectAs('keepr_webhook', 1) // one connection, which keeps its plans
    const leaseOf = { perLane: 20, together: [], limit: 10, leaseMs: 20_000 }
    const attempt = { startedAt: new Date(), duration_ms: 5, status: 204, error: null, response_head: null }
    const delivery_id = randomUUIDv7()
    await other.admin`
      insert into webhook_deliveries (id, group_id, event_type, subscriber, webhook_id, payload, state)
      values (${delivery_id}, 'g', 'sample', 'lane-1', 'msg', '{}', 'pending')`
    const ofAllGroups: Record<string, (tx: Tx) => Promise<unknown>> = {
      'leasing runs': (tx) => leaseMessages(tx, { ...leaseOf, kind: 'validate_run' }),
      'leasing deliveries of a lane': (tx) =>
        leaseMessages(tx, { ...leaseOf, kind: 'deliver_webhook', lane: 'lane-1' }),
      'leasing deliveries where none is due': (tx) =>
        leaseMessages(tx, { ...leaseOf, kind: 'deliver_webhook', lane: 'lane-2' }),
      'measuring a lane where none is due': async (tx) =>
        expect(await measureLanes(tx, { kind: 'deliver_webhook', lanes: ['lane-2'], upTo: 20 })).toMatchObject([
          { lane: 'lane-2', in_flight: 0, has_due: false },
        ]),
      'leasing events': (tx) => leaseMessages(tx, { ...leaseOf, kind: 'fan_out_events', together: ['events'] }),
      'freeing leases': (tx) => freeExpiredLeases(tx),
      'giving back deliveries': (tx) => giveBackDeliveries(tx, [{ id: randomUUIDv7(), lease_ends_by_ms: Date.now() }]),
      'waking probes': (tx) => wakeProbes(tx),
      'looking for what waits for too long': (tx) => listGroupsWaiting(tx, 'lane-1', 60_000),
      'bringing forward what was parked': (tx) => bringForwardParked(tx, 10),
    }
    const ofOneGroup: typeof ofAllGroups = {
      'placing events': (tx) => placeEvents(tx, 'g', 10),
      'taking events': (tx) => takeEventMessages(tx, { group_id: 'g', message_id: randomUUIDv7(), limit: 10 }),
      'ending messages': (tx) => finishRunMessages(tx, 'g', [randomUUIDv7()]),
      'giving up what waits for too long': (tx) =>
        missDeliveries(tx, { group_id: 'g', subscriber: 'lane-1', olderThanMs: 60_000 }, 10),
      'recording deliveries': (tx) => noteDelivered(tx, 'g', [{ ...attempt, delivery_id }]),
    }
    const fetched = async (tx: Tx) => {
      const [row] = await tx<{ rows: number }[]>`
        select idx_tup_fetch + seq_tup_read as rows from pg_stat_xact_user_tables where relname = 'outbox'`
      return row?.rows ?? Number.NaN
    }
    const touched = (group: string | null, statement: (tx: Tx) => Promise<unknown>) =>
      otherDb.withService(group, async (tx) => {
        const before = await fetched(tx)
        await statement(tx)
        return (await fetched(tx)) - before
      })
    const statements = [[null, ofAllGroups] as const, ['g', ofOneGroup] as const].flatMap(([group, named]) =>
      Object.entries(named).map(([what, statement]) => ({ what, touched: () => touched(group, statement) })),
    )
    for (const { touched } of statements) await touched()
    await other.admin`alter table event_feed disable trigger feed_guard` // messages are all that counts here
    await other.admin`
      insert into webhook_subscribers (name, state, probe_at) values ('lane-1', 'paused', now())`
    await other.admin`
      insert into outbox (id, kind, lane, group_id, refs, sequenced, due_at)
      select gen_random_uuid(), kind, case kind when 'fan_out_events' then 'events' else 'lane-' || n % 2 end, 'g', array[gen_random_uuid()],
             kind = 'fan_out_events' and n % 2 = 0, now() + case when kind = 'deliver_webhook' then n % 3 - 1 else 0 end * interval '1 hour'
        from generate_series(1, 4000) n, unnest(array['validate_run', 'fan_out_events', 'deliver_webhook']) kind`
    await other.admin`
      insert into outbox (id, kind, lane, group_id, refs, due_at)
      select gen_random_uuid(), 'deliver_webhook', 'lane-2', 'g' || n % 3, array[gen_random_uuid()], now() + interval '1 hour'
        from generate_series(1, 4000) n`
    for (const { what, touched } of statements) expect(await touched(), what).toBeLessThan(250)
  })
})
