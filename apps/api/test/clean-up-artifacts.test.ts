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
  expect((await plan(await cleanUp(alice))).items).toEqual([])
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
