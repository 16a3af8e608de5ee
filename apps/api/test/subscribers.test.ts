import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let olga: Caller
beforeAll(async () => {
  api = await startApi()
  olga = await api.as('ops', 'olga', 'operator')
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(
  () =>
    api.database.admin`truncate webhook_deliveries, webhook_attempts, webhook_subscribers, operational_events, outbox`,
)

type Given = { group?: string; state?: string; minutesAgo?: number }
async function given({ group = 'acme', state = 'exhausted', minutesAgo = 0 }: Given = {}): Promise<string> {
  const id = randomUUIDv7()
  await api.database.admin`
    insert into webhook_deliveries (id, group_id, event_id, event_type, subscriber, webhook_id, payload, state, attempts, delivered_at, created_at)
    values (${id}, ${group}, ${randomUUIDv7()}, 'published', 'shop', ${`msg_${id}`}, '{}', ${state}, 3,
            case when ${state} = 'delivered' then now() end, now() - make_interval(mins => ${minutesAgo}))`
  return id
}
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
const pending = async () =>
  (
    await api.database.admin<{ id: string }[]>`select id from webhook_deliveries where state = 'pending' order by id`
  ).map(({ id }) => id)
const messages = async () =>
  (
    await api.database.admin<
      { ref: string }[]
    >`select refs[1] as ref from outbox where kind = 'deliver_webhook' and lane = 'shop' order by 1`
  ).map(({ ref }) => ref)
const setState = (state: string) => api.database.admin`
  insert into webhook_subscribers (name, state, reason, failing_since, probe_at)
  values ('shop', ${state}, 'it answered 500', now(), now())`

describe('a replay', () => {
  it('sends all that failed again, of every group, under the same ids, and says who wanted it', async () => {
    const failed = [await given(), await given({ state: 'missed' }), await given({ group: 'other' })]
    await given({ state: 'delivered' })
    const answer = await olga.send('POST', '/webhooks/shop/replay')
    expect([answer.status, await answer.json()]).toEqual([202, { subscriber: 'shop', replayed: 3, next_since: null }])
    expect(await pending()).toEqual(failed.toSorted())
    expect(await messages()).toEqual(failed.toSorted())
    const [row] = await api.database
      .admin`select attempts, webhook_id from webhook_deliveries where id = ${failed[0] ?? ''}`
    expect(row).toEqual({ attempts: 0, webhook_id: `msg_${failed[0]}` })
    const events = await (await olga.get('/operations/events?subject=shop')).json()
    expect(events).toMatchObject({
      items: [{ event_type: 'subscriber_replayed', actor: 'olga', event_data: { count: 3 } }],
    })
  })

  it('keeps to its range and its status', async () => {
    await given({ minutesAgo: 90 })
    const inRange = await given({ minutesAgo: 30, state: 'delivered' })
    await given({ minutesAgo: 30, state: 'missed' })
    await given({ minutesAgo: 5, state: 'delivered' })
    const range = { since: minutesAgo(60), until: minutesAgo(10), status: 'delivered' }
    expect(await (await olga.send('POST', '/webhooks/shop/replay', range)).json()).toMatchObject({ replayed: 1 })
    expect(await pending()).toEqual([inRange])
    const [row] = await api.database.admin`select delivered_at from webhook_deliveries where id = ${inRange}`
    expect(row).toEqual({ delivered_at: null })
  })

  it('takes times as RFC 3339 has them, leap seconds and small letters too', async () => {
    await given()
    const range = { since: '2016-12-31T23:59:60.000Z', until: '2017-01-01t09:00:01+09:00' }
    expect(await (await olga.send('POST', '/webhooks/shop/replay', range)).json()).toMatchObject({ replayed: 0 })
    const leap = { since: '2016-12-31T15:59:60-08:00' }
    expect(await (await olga.send('POST', '/webhooks/shop/replay', leap)).json()).toMatchObject({ replayed: 1 })
  })

  it('says where to go on when there is more than it takes at once', async () => {
    await api.database.admin`
      insert into webhook_deliveries (id, group_id, event_id, event_type, subscriber, webhook_id, payload, state, created_at)
      select gen_random_uuid(), 'acme', gen_random_uuid(), 'published', 'shop', 'msg_' || n, '{}', 'missed', now() - make_interval(secs => 6000 - n)
        from generate_series(1, 5300) n`
    const first = (await (await olga.send('POST', '/webhooks/shop/replay')).json()) as {
      replayed: number
      next_since: string
    }
    expect(first).toMatchObject({ replayed: 5000, next_since: expect.any(String) })
    const second = await olga.send('POST', '/webhooks/shop/replay', { since: first.next_since })
    expect(await second.json()).toMatchObject({ replayed: 300, next_since: null })
  })

  it('says where to go on when it has looked through many that need not be sent again', async () => {
    await api.database.admin`
      insert into webhook_deliveries (id, group_id, event_id, event_type, subscriber, webhook_id, payload, state, created_at)
      select gen_random_uuid(), 'acme', gen_random_uuid(), 'published', 'shop', 'msg_' || n, '{}', 'delivered', now() - make_interval(secs => n)
        from generate_series(60, 50100) n`
    const missed = await given({ state: 'missed' })
    const first = (await (await olga.send('POST', '/webhooks/shop/replay')).json()) as { next_since: string }
    expect(first).toMatchObject({ replayed: 0, next_since: expect.any(String) })
    const second = await olga.send('POST', '/webhooks/shop/replay', { since: first.next_since })
    expect(await second.json()).toMatchObject({ replayed: 1, next_since: null })
    expect(await pending()).toEqual([missed])
  })

  it.each([
    [{ since: 'yesterday' }, '/since'],
    [{ since: '2026-02-31T00:00:00Z' }, '/since'],
    [{ until: '2026-01-01T00:00:60Z' }, '/until'],
    [{ status: 'pending' }, '/status'],
    [{ status: 'all' }, '/since'],
    [{ since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }, '/until'],
    [{ more: 1 }, '/more'],
  ])('refuses %j', async (body, pointer) => {
    const answer = await olga.send('POST', '/webhooks/shop/replay', body)
    expect([answer.status, await answer.json()]).toMatchObject([422, { errors: [{ pointer }] }])
  })

  it('happens once for two that ask at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => given()))
    const answers = await Promise.all([1, 2, 3].map(() => olga.send('POST', '/webhooks/shop/replay')))
    const counts = (await Promise.all(answers.map((one) => one.json()))) as { replayed: number }[]
    expect(counts.reduce((sum, { replayed }) => sum + replayed, 0)).toBe(20)
    expect(await messages()).toHaveLength(20)
  })
})

describe('a test delivery', () => {
  it('brings a sample of each event that the subscriber wants, marked as a test', async () => {
    const answer = await olga.send('POST', '/webhooks/shop/test', {})
    expect(answer.status).toBe(202)
    const { samples } = (await answer.json()) as { samples: { event_type: string; webhook_id: string }[] }
    expect(samples.map(({ event_type }) => event_type)).toEqual(['published', 'blocked', 'rollback'])
    const rows = await api.database.admin<{ payload: string; webhook_id: string; event_id: null; group_id: string }[]>`
      select payload, webhook_id, event_id, group_id from webhook_deliveries order by event_type`
    expect(rows.map(({ payload }) => JSON.parse(payload))).toMatchObject([
      { type: 'artifact.blocked', data: { test: true, reason: 'validation_failed', artifact: { status: 'blocked' } } },
      { type: 'artifact.published', data: { test: true, group_id: 'ops', artifact: { status: 'published' } } },
      { type: 'artifact.rollback', data: { test: true, withdrawn: [{ version: '2' }], restored: { version: '1' } } },
    ])
    expect(rows.map(({ webhook_id }) => webhook_id).toSorted()).toEqual(
      samples.map(({ webhook_id }) => webhook_id).toSorted(),
    )
    expect(rows.every(({ event_id, group_id }) => event_id === null && group_id === 'ops')).toBe(true)
    expect(await messages()).toHaveLength(3)
  })

  it('is sent once for one Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'try-it' }
    const first = await (await olga.send('POST', '/webhooks/shop/test', {}, key)).json()
    const again = await olga.send('POST', '/webhooks/shop/test', {}, key)
    expect(await again.json()).toEqual(first)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(await messages()).toHaveLength(3)
  })
})

describe('resuming', () => {
  it.each(['paused', 'disabled'])('makes a %s subscriber active, and due what waits for it', async (state) => {
    await setState(state)
    const id = await given({ state: 'pending' })
    await api.database.admin`
      insert into outbox (id, kind, lane, group_id, refs, due_at)
      values (${randomUUIDv7()}, 'deliver_webhook', 'shop', 'acme', ${[id]}::uuid[], now() + interval '100 years')`
    expect(await (await olga.get('/webhooks/subscribers')).json()).toMatchObject({
      items: [{ name: 'shop', state, reason: 'it answered 500' }],
    })
    const answer = await olga.send('POST', '/webhooks/shop/resume')
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { name: 'shop', state: 'active', reason: null, failing_since: null },
    ])
    expect(await api.database.admin`select 1 from outbox where due_at <= clock_timestamp()`).toHaveLength(1)
    expect(await (await olga.get('/operations/events?type=subscriber_resumed')).json()).toMatchObject({
      items: [{ subject: 'shop', actor: 'olga', event_data: { was: state } }],
    })
    expect((await olga.send('POST', '/webhooks/shop/resume')).status).toBe(409)
  })
})

describe('operations on subscribers', () => {
  const paths = ['/webhooks/shop/replay', '/webhooks/shop/test', '/webhooks/shop/resume']

  it.each(['/webhooks/shop/replay', '/webhooks/shop/test'])(
    '%s waits for a subscriber that is paused or disabled to be resumed',
    async (path) => {
      await setState('disabled')
      await given()
      const answer = await olga.send('POST', path)
      expect([answer.status, await answer.json()]).toMatchObject([
        409,
        { type: 'urn:keepr:problem:subscriber-state', state: 'disabled' },
      ])
      await api.database.admin`update webhook_subscribers set state = 'paused'`
      expect((await olga.send('POST', path)).status).toBe(409)
      expect(await messages()).toEqual([])
    },
  )

  it('need a token, and an operator: admins and authors are refused, whether there is such a subscriber or not', async () => {
    for (const path of paths) {
      expect((await api.bearer(undefined).send('POST', path)).status).toBe(401)
      for (const role of ['consumer', 'author', 'admin']) {
        const caller = await api.as('acme', 'ada', role)
        expect((await caller.send('POST', path)).status).toBe(403)
        expect((await caller.send('POST', path.replace('shop', 'nobody'))).status).toBe(403)
      }
      expect((await olga.send('POST', path.replace('shop', 'nobody'))).status).toBe(404)
      expect((await olga.send('POST', path, { more: 1 })).status).toBe(422)
    }
    const ada = await api.as('acme', 'ada', 'admin')
    for (const path of ['/webhooks/subscribers', '/operations/events']) {
      expect((await ada.get(path)).status).toBe(403)
      expect((await api.bearer(undefined).get(path)).status).toBe(401)
    }
  })

  it('are told of page by page', async () => {
    for (let n = 0; n < 3; n++) await olga.send('POST', '/webhooks/shop/test')
    const first = (await (await olga.get('/operations/events?limit=2')).json()) as {
      items: { id: string }[]
      next_cursor: string
    }
    const second = (await (
      await olga.get(`/operations/events?limit=2&cursor=${first.next_cursor}`)
    ).json()) as typeof first
    expect([first.items.length, second.items.length, second.next_cursor]).toEqual([2, 1, null])
    expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(3)
    expect((await olga.get('/operations/events?type=nonsense')).status).toBe(422)
    expect((await olga.get(`/operations/events?subject=shop&cursor=${first.next_cursor}`)).status).toBe(422)
  })
})
