import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
let bob: Caller
let root: Caller
beforeAll(async () => {
  api = await startApi()
  alice = await api.as('acme', 'alice')
  bob = await api.as('acme', 'bob')
  root = await api.as('acme', 'root', 'admin')
})
afterAll(() => api[Symbol.asyncDispose]())

type Body = Record<string, unknown>
// SAFETY: tests compare what they read.
const json = async (res: Response) => (await res.json()) as Body
const patch = (name: string, usage_policy: string, by: Caller) =>
  by.send('PATCH', `/artifacts/${name}/1/meta`, { usage_policy })

test('any author narrows a policy, also to what takes the version out of their own sight', async () => {
  await alice.submit({ name: 'narrowed', type: 'prompt', content: 1, usage_policy: 'public' })
  await api.settleAll()
  expect(await json(await patch('narrowed', 'internal_only', bob))).toMatchObject({ usage_policy: 'internal_only' })
  const restricted = await patch('narrowed', 'restricted', bob)
  expect([restricted.status, await restricted.json()]).toMatchObject([200, { usage_policy: 'restricted' }])
  expect((await bob.get('/artifacts/narrowed/1')).status).toBe(404)
  expect((await bob.get('/artifacts/narrowed/1/events')).status).toBe(404)
  const seen = await alice.get('/artifacts/narrowed/1')
  expect([seen.headers.get('etag'), await json(seen)]).toMatchObject([
    restricted.headers.get('etag'),
    { usage_policy: 'restricted', status: 'published' },
  ])
  const events = (await json(await alice.get('/artifacts/narrowed/1/events')))['items']
  expect(events).toMatchObject([
    {},
    {},
    { event_type: 'policy_updated', actor: 'bob', event_data: { before: 'public', after: 'internal_only' } },
    { event_type: 'policy_updated', actor: 'bob', event_data: { before: 'internal_only', after: 'restricted' } },
  ])
})

test('the same for a draft that is edited', async () => {
  await alice.submit({ name: 'draft', type: 'prompt', content: 1, draft: true })
  const edited = await bob.send('PUT', '/artifacts/draft/1', { content: 2, usage_policy: 'restricted' })
  expect([edited.status, await edited.json()]).toMatchObject([200, { usage_policy: 'restricted', status: 'draft' }])
  expect((await bob.send('PUT', '/artifacts/draft/1', { content: 3 })).status).toBe(404)
  expect(await json(await alice.get('/artifacts/draft/1'))).toMatchObject({ content: 2, usage_policy: 'restricted' })
})

test('a policy is widened by the creator or an admin, and restricting is no way around that', async () => {
  await alice.submit({ name: 'widened', type: 'prompt', content: 1 })
  await api.settleAll()
  expect((await patch('widened', 'public', bob)).status).toBe(403)
  expect((await patch('widened', 'public', alice)).status).toBe(200)
  expect((await patch('widened', 'restricted', root)).status).toBe(200)
  expect((await patch('widened', 'internal_only', root)).status).toBe(200)
})

test('a restricted version is for its creator in every state, as a consumer too, and for admins', async () => {
  const consumer = await api.as('acme', 'alice', 'consumer')
  const other = await api.as('acme', 'carl', 'consumer')
  const policy = { usage_policy: 'restricted', type: 'prompt', content: 'secret' }
  await alice.submit({ name: 'mine', ...policy })
  await api.settleAll('blocked')
  await alice.submit({ name: 'mine', ...policy })
  await api.settleAll()
  await alice.submit({ name: 'mine', ...policy, content: 'pending' })
  await alice.submit({ name: 'mine', ...policy, draft: true })
  const statusesFor = async (who: Caller) =>
    await Promise.all(
      [1, 2, 3, 4].map(async (version) => (await json(await who.get(`/artifacts/mine/${version}`)))['status']),
    )
  const all = ['blocked', 'published', 'on_verification', 'draft']
  expect(await statusesFor(consumer)).toEqual(all)
  expect(await statusesFor(root)).toEqual(all)
  expect(await statusesFor(bob)).toEqual([404, 404, 404, 404])
  expect(await statusesFor(other)).toEqual([404, 404, 404, 404])
  const listed = async (who: Caller) =>
    ((await json(await who.get('/artifacts/?name=mine&sort=created_at')))['items'] as Body[]).map(
      ({ status }) => status,
    )
  expect(await listed(consumer)).toEqual(all)
  expect(await listed(other)).toEqual([])
  // Seeing is not writing, and content that has not passed is for nobody.
  expect((await consumer.send('DELETE', '/artifacts/mine/4')).status).toBe(403)
  expect((await consumer.get('/artifacts/mine/1/content')).status).toBe(409)
  expect((await consumer.get('/artifacts/mine/2/content')).status).toBe(200)
})

test('a name that the group has used never means another group’s, whatever became of its own', async () => {
  const eve = await api.as('evil', 'eve')
  const names = ['dep-draft', 'dep-pending', 'dep-restricted', 'dep-blocked']
  for (const name of names) await eve.submit({ name, type: 'prompt', content: 'evil', usage_policy: 'public' })
  await api.settleAll()
  const visitor = await api.as('visitors', 'vic', 'consumer')
  expect(await json(await visitor.get('/artifacts/dep-draft'))).toMatchObject({ content: 'evil', group_id: 'evil' })
  await alice.submit({ name: 'dep-blocked', type: 'prompt', content: 1 })
  await api.settleAll('blocked')
  await alice.submit({ name: 'dep-restricted', type: 'prompt', content: 1, usage_policy: 'restricted' })
  await api.settleAll()
  await alice.submit({ name: 'dep-draft', type: 'prompt', content: 1, draft: true })
  await alice.submit({ name: 'dep-pending', type: 'prompt', content: 1 })
  const carl = await api.as('acme', 'carl', 'consumer')
  for (const name of names) {
    for (const path of [
      `/artifacts/${name}`,
      `/artifacts/${name}/1`,
      `/artifacts/${name}/1/content`,
      `/artifacts/${name}?version=%5E1.0.0`,
      `/artifacts/${name}/versions`,
      `/artifacts/${name}/diff?from=1&to=1`,
    ])
      // prettier-ignore
      expect((await carl.get(path)).status, path).toBe(404)
    expect(await json(await carl.send('POST', '/access/explain', { action: 'read', name }))).toMatchObject({
      outcome: 'hidden',
    })
  }
})

test('with `foreign_public: by_id` a name never leaves the group, an id still does', async () => {
  const closed = await startApi({ FOREIGN_PUBLIC: 'by_id' })
  const owner = await closed.as('acme', 'alice')
  const { id } = await json(await owner.submit({ name: 'open', type: 'prompt', content: 1, usage_policy: 'public' }))
  await closed.settleAll()
  const stranger = await closed.as('other', 'mallory')
  expect((await stranger.get('/artifacts/open')).status).toBe(404)
  expect((await stranger.get('/artifacts/open/1/content')).status).toBe(404)
  expect((await stranger.get(`/artifacts/by-id/${String(id)}`)).status).toBe(200)
  await closed.ctx.db.close()
  await closed[Symbol.asyncDispose]()
})
