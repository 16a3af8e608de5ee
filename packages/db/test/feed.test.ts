import { randomBytes, randomUUIDv7 } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { fc, test as property } from '@fast-check/vitest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Db } from '@keepr/db/connect'
import { appendEventsOfMany, type Change } from '@keepr/db/events/append-events'
import { listFeed } from '@keepr/db/events/list-feed'
import { placeEvents } from '@keepr/db/events/place-events'
import { enqueueMessage } from '@keepr/dev-env/testing/enqueue-message'
import { takeEventMessages } from '@keepr/db/outbox/take-event-messages'
import type { Actor } from '@keepr/shared/domain/actor'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { waitFor } from '@keepr/dev-env/testing/wait-for'

let database: TestDatabase
let db: Db
let worker: Db
beforeAll(async () => {
  database = await createTestDatabase()
  db = database.connectAs('keepr_api', 20)
  worker = database.connectAs('keepr_webhook')
})
afterAll(() => database[Symbol.asyncDispose]())

const reader = (groupId: string): Actor => ({ userId: 'rita', groupId, roles: ['admin', 'author', 'consumer'] })

const subject = (group_id: string) => ({ id: randomUUIDv7(), group_id, type: 'prompt', name: 'many', version: '1', status: 'published', usage_policy: 'internal_only', content_hash: 'a'.repeat(64), created_by: 'rita', published_at: null }) as const // prettier-ignore

/** An event and its message in one transaction that stays open for a while before it commits. */
async function append(from: Pick<Db, 'withActor'>, group: string, name: string, openMs = 0): Promise<string> {
  const id = randomUUIDv7()
  await from.withActor(reader(group), async (tx) => {
    await tx`
      insert into artifact_events (id, group_id, artifact_id, type, name, version, sequence, event_type, actor, status,
                                   usage_policy, content_hash, created_by, was_published)
      values (${id}, ${group}, ${randomUUIDv7()}, 'prompt', ${name}, '1', 1, 'metadata_updated', 'rita', 'published',
              'internal_only', ${'a'.repeat(64)}, 'alice', true)`
    await enqueueMessage(tx, { kind: 'fan_out_events', lane: 'events', group_id: group, refs: [id] })
    if (openMs > 0) await pause(openMs) // the late commit itself, not a wait for something
  })
  return id
}
const page = (from: Db, group: string, after: number, limit: number) =>
  from.read(reader(group), (tx) => listFeed(tx, { group_id: group, after, types: undefined, limit }))
const place = (from: Pick<Db, 'withService'>, group: string, limit = 50) =>
  from.withService(group, (tx) => placeEvents(tx, group, limit))

describe('the feed', () => {
  property.prop(
    [
      fc.array(fc.nat(25), { minLength: 5, maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 7 }),
    ],
    { numRuns: 12 },
  )(
    'tells a reader that never goes back of every event, however late and in whatever order they commit',
    async (lateness, placers, limit) => {
      const group = `group-${randomBytes(6).toString('hex')}`
      let writing = true
      // Some read the feed, some fan its events out.
      const placing = Array.from({ length: placers }, async (_, n) => {
        while (writing) {
          // Open a little longer than it would be: another one meanwhile sees what was committed since.
          await (n % 2 === 0 ? db : worker).withService(group, async (tx) => {
            if (n % 2 === 0) await placeEvents(tx, group, 3)
            else await takeEventMessages(tx, { group_id: group, message_id: randomUUIDv7(), limit: 3 })
            await pause(4 * Math.random())
          })
        }
      })
      const readFrom: { id: string; position: number }[] = []
      const reading = (async () => {
        let after = 0
        for (let last = false; ;) {
          const rows = await page(db, group, after, limit)
          readFrom.push(...rows.map(({ id, position }) => ({ id, position })))
          after = rows.at(-1)?.position ?? after
          if (rows.length === 0 && last) return
          last = !writing && rows.length === 0
        }
      })()
      const written = await Promise.all(lateness.map((openMs, n) => append(db, group, `name-${n}`, openMs)))
      const placed = async () => {
        const rows = await database.admin`select 1 from outbox where group_id = ${group} and not sequenced`
        return rows.count === 0
      }
      await waitFor(placed, 'every event to have its place')
      writing = false
      await Promise.all([...placing, reading])

      expect(readFrom.map(({ id }) => id).toSorted()).toEqual(written.toSorted())
      const positions = readFrom.map(({ position }) => position)
      expect(positions).toEqual(positions.toSorted((one, other) => one - other))
      // What a reader saw while others wrote is what a reader sees afterwards.
      const afterwards = await page(db, group, 0, 200)
      expect(afterwards.map(({ id }) => id)).toEqual(readFrom.map(({ id }) => id))
    },
  )

  it('has the events of what is fanned out, oldest first, also where the woken one is not among the oldest', async () => {
    const group = 'fanned-out'
    const ids: string[] = []
    for (const name of ['first', 'second', 'third']) ids.push(await append(db, group, name))
    const messages = await database.admin<{ id: string; refs: string[] }[]>`
      select id, refs from outbox where group_id = ${group} order by created_at`
    const take = async () => {
      const taken = await worker.withService(group, (tx) =>
        takeEventMessages(tx, { group_id: group, message_id: messages[2]?.id ?? '', limit: 2 }),
      )
      return taken.flatMap(({ refs }) => refs).toSorted()
    }
    const told = async () => (await page(db, group, 0, 50)).map(({ name }) => name)
    expect(await take()).toEqual(ids.slice(0, 2).toSorted())
    expect(await told()).toEqual(['first', 'second'])
    expect(await take()).toEqual(ids.slice(2))
    expect(await told()).toEqual(['first', 'second', 'third'])
    expect(await take()).toEqual([])
  })

  it('has each event once, whether it was read or fanned out first, and those of a message that somebody else was woken for', async () => {
    const group = 'both'
    const read = await append(db, group, 'read')
    await place(db, group)
    const held = await append(db, group, 'held')
    await database.admin`update outbox set leased_until = now() + interval '20 seconds' where refs[1] = ${held}`
    const woken = await append(db, group, 'woken')
    const [message] = await database.admin<{ id: string }[]>`select id from outbox where refs[1] = ${woken}`
    const taken = await worker.withService(group, (tx) =>
      takeEventMessages(tx, { group_id: group, message_id: message?.id ?? '', limit: 10 }),
    )
    expect(taken.flatMap(({ refs }) => refs).toSorted()).toEqual([read, woken].toSorted())
    await place(db, group)
    expect((await page(db, group, 0, 50)).map(({ name }) => name)).toEqual(['read', 'held', 'woken'])
    expect(await database.admin`select sequenced from outbox where group_id = ${group}`).toEqual([{ sequenced: true }])
  })

  it('keeps the order of a name whose events are written many at a time', async () => {
    const group = 'many-at-a-time'
    const changes = Array.from({ length: 12 }, (_, n): Change => ({
      cause: { actor: 'rita' },
      lastSequence: n + 1,
      events: [{ artifact: subject(group), event_type: 'metadata_updated' }],
    }))
    await db.withActor(reader(group), (tx) => appendEventsOfMany(tx, changes))
    await place(db, group)
    const sequences = (await page(db, group, 0, 50)).map(({ sequence }) => sequence)
    expect(sequences).toEqual(changes.map(({ lastSequence }) => lastSequence))
  })

  it('tells thousands of events of one change in their order, in messages that are small', async () => {
    const group = 'long-change'
    const events = Array.from({ length: 1201 }, () => ({
      artifact: subject(group),
      event_type: 'metadata_updated' as const,
    }))
    await db.withActor(reader(group), (tx) =>
      appendEventsOfMany(tx, [{ cause: { actor: 'rita' }, lastSequence: 1201, events }]),
    )
    const [messages] = await database.admin<{ most: number }[]>`
      select max(cardinality(refs)) as most from outbox where group_id = ${group}`
    expect(messages?.most).toBe(100)
    await place(db, group)
    const sequences = (await page(db, group, 0, 2000)).map(({ sequence }) => sequence)
    expect(sequences).toEqual(events.map((_, index) => index + 1))
  })

  it('is read without waiting for who gives places at the moment, group by group', async () => {
    await append(db, 'busy', 'placed-elsewhere')
    await append(db, 'idle', 'placed')
    const names = async (group: string) => (await page(db, group, 0, 50)).map(({ name }) => name)
    await worker.withService('busy', async (tx) => {
      await takeEventMessages(tx, { group_id: 'busy', message_id: randomUUIDv7(), limit: 10 })
      await place(db, 'busy')
      await place(db, 'idle')
      expect([await names('busy'), await names('idle')]).toEqual([[], ['placed']])
    })
    expect(await names('busy')).toEqual(['placed-elsewhere'])
  })

  it('goes on above every cursor that was handed out before the database was restored', async () => {
    await append(db, 'restored', 'kept')
    await append(db, 'restored', 'unplaced')
    await place(db, 'restored', 1)
    await using backup = await createTestDatabase(database)
    // After the backup was made: events that the restored database will never have heard of.
    const lost = await append(db, 'restored', 'lost')
    await place(db, 'restored')
    const before = await page(db, 'restored', 0, 50)
    expect(before.map(({ name }) => name)).toEqual(['kept', 'unplaced', 'lost'])
    const cursor = before.at(-1)?.position ?? 0

    // Restored: the consumer goes on from the cursor that the lost database gave it.
    const restored = backup.connectAs('keepr_api')
    await append(restored, 'restored', 'new')
    await place(restored, 'restored')
    const seen = await page(restored, 'restored', cursor, 50)
    // 'unplaced' is told again under a new position, with the same id: at least once.
    expect(seen.map(({ name }) => name)).toEqual(['unplaced', 'new'])
    expect(seen.map(({ id }) => id)).not.toContain(lost)
    expect(seen.every(({ position }) => position > cursor)).toBe(true)
  })

  it('goes on above its last place when the clock was set back', async () => {
    const ahead = (Date.now() + 3_600_000) * 1000
    const id = await append(db, 'skewed', 'from-the-future')
    await database.admin`insert into event_feed (group_id, position, event_id) values ('skewed', ${ahead}, ${id})`
    await database.admin`update outbox set sequenced = true where refs[1] = ${id}`
    await append(db, 'skewed', 'next')
    await place(db, 'skewed')
    expect((await page(db, 'skewed', ahead, 50)).map(({ name }) => name)).toEqual(['next'])
  })
})
