import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type TestApi } from './start-api.ts'

let api: TestApi
const ids = Array.from({ length: 5 }, () => randomUUIDv7())
beforeAll(async () => {
  api = await startApi()
  for (const id of ids) {
    await api.database.admin`
      insert into webhook_deliveries (id, group_id, event_id, event_type, subscriber, webhook_id, payload, state, attempts, delivered_at)
      values (${id}, 'acme', ${randomUUIDv7()}, 'published', 'shop', ${`msg_${id}`}, '{}', 'exhausted', 3, now())`
  }
})
afterAll(() => api[Symbol.asyncDispose]())

test('admins page through the deliveries of their group, and nobody else does', async () => {
  const admin = await api.as('acme', 'root', 'admin')
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const res = await admin.get(
      `/webhooks/deliveries?limit=2&status=exhausted${cursor === '' ? '' : `&cursor=${cursor}`}`,
    )
    const page = (await res.json()) as { items: { id: string }[]; next_cursor: string | null }
    seen.push(...page.items.map(({ id }) => id))
    cursor = page.next_cursor
  }
  expect(seen.toSorted()).toEqual(ids.toSorted())
  expect((await (await api.as('acme', 'alice')).get('/webhooks/deliveries')).status).toBe(403)
  const other = await api.as('other', 'root', 'admin')
  expect(await (await other.get('/webhooks/deliveries')).json()).toEqual({ items: [], next_cursor: null })
})

test('the few that failed are found beyond many that were made, in pages that may be empty', async () => {
  await api.database.admin`
    insert into webhook_deliveries (id, group_id, event_id, event_type, subscriber, webhook_id, payload, state, created_at)
    select gen_random_uuid(), 'busy', gen_random_uuid(), 'published', 'shop', 'msg_' || n, '{}',
           case when n = 20100 then 'missed' else 'delivered' end, now() - make_interval(secs => n)
      from generate_series(1, 20100) n`
  const admin = await api.as('busy', 'root', 'admin')
  const read = async (query: string) =>
    (await (await admin.get(`/webhooks/deliveries?status=missed${query}`)).json()) as {
      items: unknown[]
      next_cursor: string | null
    }
  const first = await read('')
  expect(first).toEqual({ items: [], next_cursor: expect.any(String) })
  expect(await read(`&cursor=${first.next_cursor}`)).toMatchObject({ items: [{ status: 'missed' }], next_cursor: null })
})

test('deliveries are found by event, subscriber and status, and by nothing else', async () => {
  const admin = await api.as('acme', 'root', 'admin')
  const [row] = await api.database.admin<
    { event_id: string }[]
  >`select event_id from webhook_deliveries where id = ${ids[2] ?? ''}`
  const found = async (query: string) =>
    (await (await admin.get(`/webhooks/deliveries?${query}`)).json()) as { items: { id: string }[] }
  expect((await found(`event=${row?.event_id}`)).items.map(({ id }) => id)).toEqual([ids[2]])
  expect((await found('subscriber=shop')).items).toHaveLength(5)
  expect((await found('subscriber=nobody')).items).toEqual([])
  expect((await admin.get(`/webhooks/deliveries?event_id=${row?.event_id}`)).status).toBe(422)
})

test('a settled delivery is sent again once', async () => {
  const admin = await api.as('acme', 'root', 'admin')
  const path = `/webhooks/deliveries/${ids[0]}/redeliver`
  const first = await admin.send('POST', path)
  expect([first.status, await first.json()]).toMatchObject([202, { status: 'pending', webhook_id: `msg_${ids[0]}` }])
  const [row] = await api.database
    .admin`select delivered_at, attempts from webhook_deliveries where id = ${ids[0] ?? ''}`
  expect(row).toEqual({ delivered_at: null, attempts: 0 })
  expect((await admin.send('POST', path)).status).toBe(409)
  expect((await (await api.as('other', 'root', 'admin')).send('POST', path)).status).toBe(404)
  const messages = await api.database.admin`select kind from outbox`
  expect(messages.map(({ kind }) => kind as string)).toEqual(['deliver_webhook'])
  await api.database.admin`update webhook_deliveries set subscriber = 'removed' where id = ${ids[1] ?? ''}`
  expect((await admin.send('POST', `/webhooks/deliveries/${ids[1]}/redeliver`)).status).toBe(409)
})

test('a delivery whose subscriber is disabled is not sent again, and says why; of a paused one it waits', async () => {
  const admin = await api.as('acme', 'root', 'admin')
  const resend = () => admin.send('POST', `/webhooks/deliveries/${ids[4]}/redeliver`)
  await api.database.admin`
    insert into webhook_subscribers (name, state, reason, failing_since, probe_at)
    values ('shop', 'disabled', 'it answered 410', now(), now())`
  const refused = await resend()
  expect([refused.status, await refused.json()]).toMatchObject([
    409,
    {
      type: 'urn:keepr:problem:delivery-not-redeliverable',
      detail: 'Its subscriber is disabled; an operator must resume it first.',
    },
  ])
  const [row] = await api.database.admin`select state from webhook_deliveries where id = ${ids[4] ?? ''}`
  expect(row).toEqual({ state: 'exhausted' })
  await api.database.admin`update webhook_subscribers set state = 'paused'`
  expect((await resend()).status).toBe(202)
  await api.database.admin`delete from webhook_subscribers`
})

test('a settled delivery is sent again also while a message of it is left', async () => {
  const id = ids[3] ?? ''
  await api.database.admin`
    insert into outbox (id, kind, lane, group_id, refs, due_at)
    values (${randomUUIDv7()}, 'deliver_webhook', 'shop', 'acme', ${[id]}::uuid[], now() + interval '1 hour')`
  const admin = await api.as('acme', 'root', 'admin')
  expect((await admin.send('POST', `/webhooks/deliveries/${id}/redeliver`)).status).toBe(202)
  const messages = await api.database.admin`
    select due_at <= clock_timestamp() as due from outbox where refs[1] = ${id}`
  expect(messages.map(({ due }) => due as boolean)).toEqual([true])
})
