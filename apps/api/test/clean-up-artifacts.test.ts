import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
let admin: Caller
beforeAll(async () => {
  api = await startApi()
  alice = await api.as('acme', 'alice')
  admin = await api.as('acme', 'root', 'admin')
})
afterAll(() => api[Symbol.asyncDispose]())

type Plan = { plan_id: string; items: { name: string; version: string; latest: boolean; outcome?: string }[] }
const cleanUp = (by: Caller, body?: unknown) => by.send('POST', '/artifacts/cleanup', body)
// SAFETY: tests compare what they read.
const plan = async (res: Response) => (await res.json()) as Plan

test('a plan lists what is idle and is applied exactly once, sparing the latest', async () => {
  for (const version of ['1', '2', '3'])
    await alice.submit({ name: 'old', type: 'numbered', version, content: version })
  await alice.submit({ name: 'idea', type: 'numbered', content: 1, draft: true })
  await api.settleAll()
  await api.database.admin`update artifact_active set last_accessed_at = now() + interval '1 day' where version = '2'`
  const suggested = await plan(await cleanUp(alice, { ttl: '1ms' }))
  expect(suggested.items.map(({ name, version, latest }) => [name, version, latest])).toEqual(
    expect.arrayContaining([['old', '1', false], ['old', '3', true], ['idea', '1', false]]), // prettier-ignore
  )
  expect(suggested.items).toHaveLength(3)
  const order = { apply: true, plan_id: suggested.plan_id }
  expect((await cleanUp(alice, order)).status).toBe(403)
  const applied = await Promise.all([cleanUp(admin, order), cleanUp(admin, order)])
  expect(applied.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409])
  const [done] = applied.filter(({ status }) => status === 200)
  const outcomes = done ? (await plan(done)).items.map(({ name, version, outcome }) => [name, version, outcome]) : []
  expect(outcomes).toEqual(
    expect.arrayContaining([['old', '1', 'archived'], ['old', '3', 'kept'], ['idea', '1', 'discarded']]), // prettier-ignore
  )
  expect((await cleanUp(await api.as('other', 'eve', 'admin'), order)).status).toBe(404)
  expect((await cleanUp(alice, { ttl: '0s' })).status).toBe(422)
  const twoTypes = await alice.send('POST', '/artifacts/cleanup?type=chain', { ttl: '1d', type: 'prompt' })
  expect(await twoTypes.json()).toMatchObject({ status: 422, errors: [{ pointer: '/type' }] })
  expect((await plan(await cleanUp(alice))).items).toEqual([])
})

test('the latest is what is that when a plan is applied, and leaves only where that is asked for', async () => {
  for (const name of ['overtaken', 'left', 'emptied'])
    for (const version of ['1', '2']) await alice.submit({ name, type: 'note', version, content: version })
  await api.settleAll()
  const outcomes = async (of: Plan, more: object) => {
    const done = await plan(await cleanUp(admin, { apply: true, plan_id: of.plan_id, ...more }))
    return done.items.map(({ name, version, outcome }) => `${name} ${version} ${outcome}`).toSorted()
  }
  const suggest = async () => await plan(await cleanUp(alice, { ttl: '1ms', type: 'note' }))
  const suggested = await suggest()
  await alice.submit({ name: 'overtaken', type: 'note', version: '3', content: '3' })
  await api.settleAll()
  await alice.send('POST', '/artifacts/left/2/archive')
  expect(await outcomes(suggested, {})).toEqual([
    'emptied 1 archived', 'emptied 2 kept', 'left 1 kept', 'left 2 kept', 'overtaken 1 archived', 'overtaken 2 archived',
  ]) // prettier-ignore
  expect(await outcomes(await suggest(), { include_latest: true })).toEqual([
    'emptied 2 archived',
    'left 1 archived',
    'overtaken 3 archived',
  ])
  const events = await api.database.admin`
    select event_type, event_data, actor from artifact_events where name = 'emptied' and version = '1' order by sequence desc limit 1`
  expect(events).toEqual([
    { event_type: 'archived', event_data: { reason: 'cleanup', plan_id: suggested.plan_id }, actor: 'root' },
  ])
})

test('a plan is for a day', async () => {
  const suggested = await plan(await cleanUp(alice, { ttl: '1d' }))
  await api.database.admin`
    update cleanup_plans set created_at = now() - interval '24 hours' where id = ${suggested.plan_id}`
  const applied = await cleanUp(admin, { apply: true, plan_id: suggested.plan_id })
  expect([applied.status, await applied.json()]).toMatchObject([409, { type: 'urn:keepr:problem:plan-not-applicable' }])
})

test('the rule that decides is told, and what is hidden looks like nothing', async () => {
  const ask = async (by: Caller, body: unknown) => await (await by.send('POST', '/access/explain', body)).json()
  expect(await ask(alice, { action: 'restore', name: 'old', version: '2' })).toMatchObject({
    allowed: false,
    rule: 'only_admins_decide',
  })
  expect(await ask(admin, { action: 'apply_cleanup' })).toMatchObject({ allowed: true, rule: 'admins_decide' })
  const eve = await api.as('other', 'eve')
  expect(await ask(eve, { action: 'read', name: 'old' })).toEqual(await ask(eve, { action: 'read', name: 'never-was' }))
})

test('what another process has read and not written yet counts as used', async () => {
  await using peer = await api.peer('reader')
  await using asker = await api.peer('asker')
  for (const version of ['1', '2'])
    await alice.submit({ name: 'read-elsewhere', type: 'numbered', version, content: 1 })
  await api.settleAll()
  await api.database.admin`
    update artifact_active set last_accessed_at = now() - interval '1 day' where name = 'read-elsewhere'`
  await api.database.admin`alter table artifact_active disable trigger artifact_update_guard`
  await api.database.admin`
    update artifact_active set published_at = now() - interval '1 day' where name = 'read-elsewhere'`
  await api.database.admin`alter table artifact_active enable trigger artifact_update_guard`
  const ask = await asker.as('acme', 'root', 'admin')
  const order = { ttl: '1h', type: 'numbered' }
  const before = await plan(await cleanUp(ask, order))
  expect(before.items.map(({ version }) => version).toSorted()).toEqual(['1', '2'])
  await (await peer.as('acme', 'carl', 'consumer')).get('/artifacts/read-elsewhere/1/content')
  const applied = await plan(await cleanUp(ask, { apply: true, plan_id: before.plan_id, include_latest: true }))
  expect(applied.items.map(({ version, outcome }) => `${version} ${outcome}`).toSorted()).toEqual([
    '1 kept',
    '2 archived',
  ])
  expect((await plan(await cleanUp(ask, order))).items).toEqual([])
})

test('reads that are just being written are waited for by who asks for all of them', async () => {
  await alice.submit({ name: 'read-just-now', type: 'numbered', content: 1 })
  await api.settleAll()
  await alice.get('/artifacts/read-just-now/1/content')
  const locked = Promise.withResolvers<undefined>()
  const free = Promise.withResolvers<undefined>()
  const other = api.database.admin.begin(async (tx) => {
    await tx`select from artifact_active where name = 'read-just-now' for update`
    locked.resolve(undefined)
    await free.promise
  })
  await locked.promise
  const ended: string[] = []
  const writing = api.ctx.accessLog.flush('all').then(() => ended.push('written'))
  const asked = api.ctx.accessLog.flush('all').then(() => ended.push('told'))
  free.resolve(undefined)
  await Promise.all([other, writing, asked])
  expect(ended).toEqual(['written', 'told'])
})

test('a process that lives and does not answer stops cleanup instead of losing its reads', async () => {
  await using asker = await api.peer('asker')
  const mute = api.database.connectAs('keepr_api', 1, 'api of the tests mute')
  await mute.ping()
  const res = await cleanUp(await asker.as('acme', 'root', 'admin'), { ttl: '1h' })
  expect([res.status, res.headers.has('retry-after'), ((await res.json()) as { type: string }).type]).toEqual([
    503,
    true,
    'urn:keepr:problem:overloaded',
  ])
  await mute.close()
})

test('a long list comes in pages, and each page is a plan of its own', async () => {
  for (let n = 0; n < 5; n++) await alice.submit({ name: `page-${n}`, type: 'semantic', content: n, draft: true })
  await api.database.admin`update artifact_active set updated_at = now() - interval '2 days' where name like 'page-%'`
  const seen: string[] = []
  const plans = new Set<string>()
  for (let cursor: string | null | undefined; cursor !== null;) {
    const body = { ttl: '1d', type: 'semantic', limit: 2, ...(cursor === undefined ? {} : { cursor }) }
    const page = (await (await cleanUp(alice, body)).json()) as Plan & { next_cursor: string | null }
    seen.push(...page.items.map(({ name }) => name))
    plans.add(page.plan_id)
    cursor = page.next_cursor
  }
  expect([seen.toSorted(), plans.size]).toEqual([['page-0', 'page-1', 'page-2', 'page-3', 'page-4'], 3])
  const [first] = plans
  const applied = await plan(await cleanUp(admin, { apply: true, plan_id: first }))
  expect(applied.items.map(({ outcome }) => outcome)).toEqual(['discarded', 'discarded'])
  expect((await cleanUp(alice, { ttl: '1d', cursor: 'abc' })).status).toBe(422)
  expect((await cleanUp(alice, { ttl: '1d', limit: 1001 })).status).toBe(422)
})

test('a version that was brought back is not idle at once', async () => {
  for (const version of ['1', '2'])
    await alice.submit({ name: 'returned', type: 'numbered', version, content: version })
  await api.settleAll()
  await alice.send('POST', '/artifacts/returned/1/archive')
  await api.database.admin`alter table artifact_history disable trigger all`
  await api.database.admin`update artifact_history set published_at = now() - interval '9 days' where name = 'returned'`
  await api.database.admin`alter table artifact_history enable trigger all`
  const idle = async () =>
    (await plan(await cleanUp(alice, { ttl: '8d', type: 'numbered' }))).items.map(({ name, version }) => [
      name,
      version,
    ])
  await admin.send('POST', '/artifacts/returned/1/restore')
  expect(await idle()).not.toContainEqual(['returned', '1'])
  await api.database.admin`alter table artifact_history disable trigger all`
  await api.database.admin`update artifact_history set restored_at = now() - interval '9 days' where name = 'returned'`
  await api.database.admin`alter table artifact_history enable trigger all`
  expect(await idle()).toContainEqual(['returned', '1'])
})

test('a draft that was published since it was listed is not archived in its place', async () => {
  await alice.submit({ name: 'grown', type: 'numbered', content: 1, draft: true })
  const suggested = await plan(await cleanUp(alice, { ttl: '1ms' }))
  await alice.send('POST', '/artifacts/grown/1/submit')
  await alice.submit({ name: 'grown', type: 'numbered', content: 2 })
  await api.settleAll()
  const applied = await plan(await cleanUp(admin, { apply: true, plan_id: suggested.plan_id, include_latest: true }))
  expect(applied.items).toContainEqual(expect.objectContaining({ name: 'grown', version: '1', outcome: 'kept' }))
})

test('a plan of hundreds of names is applied in time, with the events of each in its own order', async () => {
  const submit = (index: number, more: object) => alice.submit({ name: `many-${index}`, type: 'numbered', ...more })
  const all = Array.from({ length: 250 }, (_, index) => index)
  await Promise.all(all.map((index) => submit(index, { content: 1 })))
  await api.settleAll()
  await Promise.all(all.map((index) => submit(index, { content: 2, draft: true })))
  const suggested = await plan(await cleanUp(admin, { ttl: '1ms', type: 'numbered' }))
  const order = { apply: true, plan_id: suggested.plan_id, include_latest: true }
  const done = (await plan(await cleanUp(admin, order))).items.filter(({ name }) => name.startsWith('many-'))
  const outcomes = Map.groupBy(done, ({ outcome }) => outcome)
  expect([outcomes.get('archived')?.length, outcomes.get('discarded')?.length]).toEqual([250, 250])
  const told = await api.database.admin`
    select string_agg(sequence || ' ' || event_type, ', ' order by sequence) as told
      from artifact_events where name like 'many-%' group by name`
  expect(told).toHaveLength(250)
  for (const { told: events } of told) expect(events).toBe('1 created, 2 submitted, 3 created, 4 archived, 5 discarded')
}, 20_000)
