import { waitFor } from '@keepr/dev-env/testing/wait-for'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
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

type Body = Record<string, unknown> & { version: string; id: string; status: string }
// SAFETY: tests compare what they read.
const json = async (res: Response) => (await res.json()) as Body
const at = (name: string, version: string, below = '') => `/artifacts/${name}/${version}${below}?type=semantic`
const move = (name: string, version: string, verb: string, body?: unknown, by = alice) =>
  by.send('POST', at(name, version, `/${verb}`), body)

async function publish(name: string, ...versions: string[]) {
  for (const version of versions) {
    const res = await alice.submit({ name, type: 'semantic', version, content: version })
    expect(res.status).toBe(202)
  }
  await api.settleAll()
}
const latest = async (name: string) => (await json(await alice.get(`/artifacts/${name}`))).version

test('a draft is edited in place, submitted, and discarded only while it is one', async () => {
  const draft = await alice.submit({ name: 'd', type: 'semantic', content: 1, draft: true })
  const tag = draft.headers.get('etag') ?? ''
  const edited = await alice.send(
    'PUT',
    at('d', '0.1.0'),
    { content: 2, metadata: { tags: ['t'] } },
    { 'if-match': tag },
  )
  expect([edited.status, await json(edited)]).toMatchObject([200, { status: 'draft', metadata: { tags: ['t'] } }])
  expect((await alice.send('PUT', at('d', '0.1.0'), { content: 3 }, { 'if-match': tag })).status).toBe(412)
  expect((await alice.send('PUT', at('d', '0.1.0'), { metadata: {} })).status).toBe(422)
  const submitted = await move('d', '0.1.0', 'submit')
  expect([submitted.status, (await json(submitted)).status]).toEqual([202, 'on_verification'])
  expect((await alice.send('DELETE', at('d', '0.1.0'))).status).toBe(409)
  expect((await alice.send('PUT', at('d', '0.1.0'), { content: 3 })).status).toBe(409)

  await alice.submit({ name: 'd', type: 'semantic', content: 1, draft: true, version: '7.0.0' })
  expect((await alice.send('DELETE', at('d', '7.0.0'))).status).toBe(204)
  expect((await alice.get(at('d', '7.0.0'))).status).toBe(404)
  expect((await alice.submit({ name: 'd', type: 'semantic', content: 1, version: '7.0.0' })).status).toBe(202)
})

test('an edit of a draft tells what it changed, before and after, and of content only the hash', async () => {
  const draft = { name: 'told', type: 'semantic', draft: true, content: 1, metadata: { a: 1 } }
  const { content_hash: before } = await json(await alice.submit(draft))
  const edit = async (body: Record<string, unknown>) => await json(await alice.send('PUT', at('told', '0.1.0'), body))
  const { content_hash: after } = await edit({ content: 2, metadata: { b: 2 }, usage_policy: 'restricted' })
  await edit({ content: 2, metadata: { b: 2 } })
  // SAFETY: events as the route describes them.
  const events = (await json(await alice.get(at('told', '0.1.0', '/events'))))['items'] as Record<string, unknown>[]
  expect(events.map(({ event_type, event_data }) => [event_type, event_data])).toEqual([
    ['created', {}],
    [
      'draft_updated',
      {
        content_hash: { before, after },
        metadata: { before: { a: 1 }, after: { b: 2 } },
        usage_policy: { before: 'internal_only', after: 'restricted' },
      },
    ],
    ['draft_updated', {}],
  ])
})

async function discarded(name: string) {
  await alice.submit({ name, type: 'prompt', content: 1, version: '1.0.0', draft: true })
  expect((await alice.send('DELETE', `/artifacts/${name}/1.0.0?type=prompt`)).status).toBe(204)
}

test('a draft that was discarded decides nothing of its name, whose events go on being counted', async () => {
  await discarded('anew')
  expect((await alice.submit({ name: 'anew', type: 'prompt', content: 1, version: 1 })).status).toBe(202)
  expect((await alice.submit({ name: 'anew', type: 'prompt', content: 1, version: '1.0.0' })).status).toBe(422)
  await discarded('anew-without-a-version')
  expect(await json(await alice.submit({ name: 'anew-without-a-version', type: 'prompt', content: 1 }))).toMatchObject({
    version: '1',
  })
  const events = await api.database.admin<{ event_type: string; sequence: string }[]>`
    select event_type, sequence::text from artifact_events where name = 'anew' order by sequence`
  expect(events.map(({ event_type, sequence }) => `${sequence} ${event_type}`)).toEqual([
    '1 created', '2 discarded', '3 created', '4 submitted',
  ]) // prettier-ignore
})

/** As if the file had been changed and reloaded. */
function configure(type: string, changes: Partial<TypeConfig>) {
  const types = new Map(api.ctx.types())
  const before = types.get('prompt')
  if (before) types.set(type, { ...before, ...changes })
  api.ctx.types = () => types
}

test('a draft is edited as its type is configured by then', async () => {
  configure('turned', { content: 'json' })
  await alice.submit({ name: 'draft', type: 'turned', content: { a: 1 }, draft: true })
  configure('turned', { content: 'text' })
  const edited = await alice.send('PUT', '/artifacts/draft/1?type=turned', { content: 'as text' })
  expect([edited.status, await json(edited)]).toMatchObject([200, { content_type: 'text/plain; charset=utf-8' }])
  expect(await json(await alice.get('/artifacts/draft/1'))).toMatchObject({ content: 'as text' })
})

test('a type may have what is the same stored again, and a policy for what says none', async () => {
  configure('repeating', { dedup: 'off', default_usage_policy: 'public' })
  for (const version of ['1', '2']) {
    const made = await alice.submit({ name: 'same', type: 'repeating', content: 1 })
    expect([made.status, await json(made)]).toMatchObject([202, { version, usage_policy: 'public' }])
    await api.settleAll()
  }
})

test('a draft is submitted as its type is configured by then', async () => {
  const open: Partial<TypeConfig> = { content: 'json', allow_public: true }
  configure('tightened', open)
  const draft = { name: 'old', type: 'tightened', content: { a: 1 }, usage_policy: 'public', draft: true }
  expect((await alice.submit(draft)).status).toBe(201)
  const submit = async () => {
    const res = await alice.send('POST', '/artifacts/old/1/submit?type=tightened')
    // SAFETY: a problem tells what is wrong where, if it tells it.
    const { errors = [] } = (await res.json()) as { errors?: { pointer: string }[] }
    return [res.status, ...errors.map(({ pointer }) => pointer)]
  }
  configure('tightened', { ...open, json_schema: { type: 'object', required: ['b'] } })
  expect(await submit()).toEqual([422, '/content/b'])
  configure('tightened', { content: 'text', allow_public: false })
  expect(await submit()).toEqual([422, '/content', '/usage_policy'])
  configure('tightened', { ...open, max_bytes: 6 })
  expect(await submit()).toEqual([413])
  configure('tightened', { ...open, json_schema: { type: 'object', required: ['a'] }, max_bytes: 7 })
  expect(await submit()).toEqual([202])
})

test('versions of different kinds are compared as what both are, and the diff says as what', async () => {
  const contents = [
    ['json', { content: { a: 1 } }],
    ['text', { content: 'as text' }],
    ['binary', { content_base64: 'AAEC' }],
  ] as const
  for (const [content, given] of contents) {
    configure('turned', { content })
    expect((await alice.submit({ name: 'kinds', type: 'turned', draft: true, ...given })).status).toBe(201)
  }
  const diff = async (from: number, to: number) =>
    await json(await alice.get(`/artifacts/kinds/diff?from=${from}&to=${to}`))
  for (const [from, to] of [
    [1, 2],
    [2, 1],
  ] as const)
    expect(await diff(from, to)).toMatchObject({ kind: 'text', unified: expect.stringContaining('as text') })
  for (const [from, to] of [
    [1, 3],
    [3, 2],
  ] as const)
    expect(await diff(from, to)).toMatchObject({ kind: 'binary', not_compared: 'binary' })
})

test('a verdict is waited for as long as the type says, from the start of the run on', async () => {
  const validator = api.ctx.types().get('checked')?.validator
  if (!validator) throw new Error('the type checked has a validator')
  configure('hasty', { requires_validation: true, validator: { ...validator, deadline: 3_600_000 } })
  await alice.submit({ name: 'at-once', type: 'hasty', content: {} })
  await alice.submit({ name: 'by-draft', type: 'hasty', content: {}, draft: true })
  await alice.send('POST', '/artifacts/by-draft/1/submit?type=hasty')
  const waits = await api.database.admin`
    select deadline - created_at = interval '1 hour' as as_told from validation_runs where artifact_type = 'hasty'`
  expect(waits).toEqual([{ as_told: true }, { as_told: true }])
})

test('a name keeps the kind of versions that it has when its type is configured otherwise', async () => {
  configure('renumbered', { versioning: 'any' })
  const submit = async (name: string, more: Record<string, unknown>) =>
    (await alice.submit({ name, type: 'renumbered', content: more, ...more })).status
  expect(await submit('older', { version: '1.0.0' })).toBe(202)
  configure('renumbered', { versioning: 'integer' })
  expect(await submit('older', { version: '1.5.0' })).toBe(202)
  expect(await submit('older', { bump: 'minor' })).toBe(202)
  expect(await submit('older', { version: 2 })).toBe(422)
  expect(await submit('newer', { version: '1.0.0' })).toBe(422)
  expect(await submit('newer', { version: 1 })).toBe(202)
})

test('of two who decide at once what versions a name gets, the second is refused', async () => {
  await discarded('contended')
  const { admin } = api.database
  const holder = await admin.reserve()
  await holder`begin`
  await holder`select from artifact_names where name = 'contended' for update`
  const bob = await api.as('acme', 'bob')
  const answers = [
    alice.submit({ name: 'contended', type: 'prompt', content: 1, version: 1 }),
    bob.submit({ name: 'contended', type: 'prompt', content: 1, version: '2.0.0' }),
  ]
  await waitFor(async () => {
    const [waiting] = await admin<{ count: number }[]>`
      select count(*)::int as count from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())`
    return waiting?.count === 2
  }, 'both to wait for the name')
  await holder`commit`
  holder.release()
  expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([202, 422]))
})

test('a cancelled version is blocked and can be revalidated', async () => {
  await alice.submit({ name: 'c', type: 'semantic', content: 1 })
  const cancelled = await move('c', '0.1.0', 'cancel')
  expect([cancelled.status, await json(cancelled)]).toMatchObject([
    200,
    { status: 'blocked', blocked_reason: 'cancelled', validation: { state: 'cancelled' } },
  ])
  expect((await move('c', '0.1.0', 'cancel')).status).toBe(409)
  const [first, second] = await Promise.all([move('c', '0.1.0', 'revalidate'), move('c', '0.1.0', 'revalidate')])
  expect([first.status, second.status].toSorted((a, b) => a - b)).toEqual([202, 409])
  await api.settleAll()
  expect(await latest('c')).toBe('0.1.0')
})

test('a held verification is replaced by the one that is asked for', async () => {
  await alice.submit({ name: 'held', type: 'semantic', content: 1 })
  const { admin: sql } = api.database
  await sql`update validation_runs set state = 'held' where artifact_id = (select id from artifact_active where name = 'held')`
  expect((await move('held', '0.1.0', 'revalidate')).status).toBe(202)
  const runs = await sql`
    select r.state, r.reason from validation_runs r join artifact_active a on a.id = r.artifact_id where a.name = 'held' order by r.created_at`
  expect(runs).toEqual([
    { state: 'cancelled', reason: 'replaced' },
    { state: 'waiting', reason: null },
  ])
})

test('a move tells its reason, and a patch what it changed, before and after', async () => {
  await publish('tells', '1.0.0', '2.0.0')
  const patch = async (body: object) =>
    expect((await alice.send('PATCH', at('tells', '1.0.0', '/meta'), body)).status).toBe(200)
  await patch({ metadata: { a: 1 } })
  await patch({ metadata: { a: null, b: 2 }, usage_policy: 'restricted' })
  await patch({ metadata: { b: 2 } })
  await move('tells', '1.0.0', 'archive')
  await move('tells', '2.0.0', 'rollback')
  await alice.submit({ name: 'tells', type: 'semantic', content: 3, version: '3.0.0' })
  await move('tells', '3.0.0', 'cancel')
  const told = async (version: string) => {
    // SAFETY: events as the route describes them.
    const events = (await json(await alice.get(at('tells', version, '/events'))))['items'] as Record<string, unknown>[]
    return events.slice(2).map(({ event_type, event_data }) => [event_type, event_data])
  }
  expect(await told('1.0.0')).toEqual([
    ['metadata_updated', { before: {}, after: { a: 1 } }],
    ['metadata_updated', { before: { a: 1 }, after: { b: 2 } }],
    ['policy_updated', { before: 'internal_only', after: 'restricted' }],
    ['archived', { reason: 'archived' }],
    ['restored', { rollback: expect.any(String) }],
  ])
  expect(await told('3.0.0')).toEqual([['cancelled', { reason: 'cancelled' }]])
})

test('a rollback withdraws what would outrank its target, and brings that back under its old id', async () => {
  await publish('r', '1.0.0', '1.1.0', '2.0.0', '2.1.0-rc.1')
  expect(await json(await move('r', '1.1.0', 'rollback'))).toMatchObject({ status: 409, latest: '2.0.0' })
  const back = await move('r', '2.0.0', 'rollback', { to_version: '1.0.0', reason: 'bad' })
  expect([back.status, await back.json()]).toMatchObject([
    200,
    { withdrawn: [{ version: '2.0.0', status: 'archived' }, { version: '1.1.0' }], restored: { version: '1.0.0' } },
  ])
  expect(await latest('r')).toBe('1.0.0')
  const events = await api.database.admin`
    select version, event_type, event_data from artifact_events where name = 'r' and event_type = 'rollback' order by sequence`
  expect(events).toMatchObject([
    { version: '2.0.0', event_data: { to_version: '1.0.0', reason: 'bad', restored: { version: '1.0.0' } } },
    { version: '1.1.0', event_data: { part_of: expect.any(String) } },
  ])
  expect((await move('r', '1.0.0', 'rollback')).status).toBe(409)
  expect((await move('r', '2.0.0', 'restore', {}, admin)).status).toBe(200)
  expect(await latest('r')).toBe('2.0.0')
  const raced = await Promise.all([move('r', '2.0.0', 'rollback'), move('r', '2.0.0', 'rollback')])
  expect(raced.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409])
  const [gaps] = await api.database.admin`
    select max(sequence) = count(*) as gapless from artifact_events where name = 'r'`
  expect(gaps).toEqual({ gapless: true })
})

test('a rollback goes to what was archived or superseded, and to what was rolled back only if told so', async () => {
  await publish('b', '1.0.0', '2.0.0', '3.0.0')
  const back = async (version: string, body = {}) => (await move('b', version, 'rollback', body)).status
  expect([await back('3.0.0'), await latest('b')]).toEqual([200, '2.0.0'])
  await publish('b', '4.0.0')
  expect([await back('4.0.0'), await latest('b')]).toEqual([200, '2.0.0'])
  await publish('b', '5.0.0')
  expect([await back('5.0.0', { to_version: '3.0.0' }), await latest('b')]).toEqual([200, '3.0.0'])
  await publish('b', '6.0.0')
  await move('b', '3.0.0', 'archive')
  expect([await back('6.0.0'), await latest('b')]).toEqual([200, '3.0.0'])
})

test('a rollback is for who made all that it withdraws, or an admin', async () => {
  const bob = await api.as('acme', 'bob')
  await publish('of-two', '1.0.0')
  await bob.submit({ name: 'of-two', type: 'semantic', version: '2.0.0', content: 2 })
  await publish('of-two', '3.0.0')
  const back = async (version: string, by = alice) =>
    (await move('of-two', '3.0.0', 'rollback', { to_version: version }, by)).status
  expect([await back('1.0.0'), await back('1.0.0', bob), await back('2.0.0', bob)]).toEqual([403, 403, 403])
  expect([await latest('of-two'), await back('2.0.0')]).toEqual(['3.0.0', 200])
  expect((await move('of-two', '3.0.0', 'restore', {}, admin)).status).toBe(200)
  expect([await back('1.0.0', admin), await latest('of-two')]).toEqual([200, '1.0.0'])
})

test('without a version to go back to a rollback changes nothing', async () => {
  await publish('only', '1.0.0')
  expect(await json(await move('only', '1.0.0', 'rollback'))).toMatchObject({
    type: 'urn:keepr:problem:no-prior-version',
  })
  expect(await latest('only')).toBe('1.0.0')
  const bob = await api.as('acme', 'bob')
  await publish('only', '2.0.0')
  expect((await move('only', '2.0.0', 'rollback', {}, bob)).status).toBe(403)
  expect((await move('only', '2.0.0', 'rollback', {}, await api.as('other', 'eve', 'admin'))).status).toBe(404)
  expect((await move('only', '2.0.0', 'rollback', { colour: 1 })).status).toBe(422)
})

test('an archived version comes back by an admin only', async () => {
  await publish('a', '1.0.0', '2.0.0')
  expect((await move('a', '1.0.0', 'archive')).status).toBe(200)
  expect((await move('a', '1.0.0', 'archive')).status).toBe(409)
  expect((await move('a', '1.0.0', 'restore')).status).toBe(403)
  const restored = await move('a', '1.0.0', 'restore', {}, admin)
  expect([restored.status, (await json(restored)).status]).toEqual([200, 'published'])
})

test('metadata is patched by merging, and a policy is widened by its creator only', async () => {
  await publish('m', '1.0.0')
  const patch = (body: unknown, by = alice) =>
    by.send('PATCH', at('m', '1.0.0', '/meta'), body, { 'content-type': 'application/merge-patch+json' })
  expect(await json(await patch({ metadata: { category: 'x', a: { b: 1, c: 2 } } }))).toMatchObject({
    metadata: { category: 'x', a: { b: 1, c: 2 } },
  })
  expect((await json(await patch({ metadata: { category: null, a: { b: null } } })))['metadata']).toEqual({
    a: { c: 2 },
  })
  expect((await patch({ metadata: { tags: [1] } })).status).toBe(422)
  expect((await patch({ usage_policy: 'public' }, await api.as('acme', 'bob'))).status).toBe(403)
  expect((await patch({ usage_policy: 'public' })).status).toBe(200)
  expect((await patch({ metadata: {} }, await api.as('acme', 'carl', 'consumer'))).status).toBe(403)
  expect((await patch({ metadata: {} }, await api.as('other', 'eve'))).status).toBe(404)
})

test('a diff tells what changed where both contents may be read', async () => {
  await alice.submit({
    name: 'x',
    type: 'semantic',
    version: '1.0.0',
    content: { a: 1, b: [1, 2] },
    metadata: { k: 1 },
  })
  await alice.submit({ name: 'x', type: 'semantic', version: '2.0.0', content: { b: [1], c: 2 } })
  expect((await alice.get('/artifacts/x/diff?from=1.0.0&to=2.0.0')).status).toBe(409)
  await api.settleAll()
  const res = await alice.get('/artifacts/x/diff?from=1.0.0&to=2.0.0&type=semantic')
  expect([res.status, await res.json()]).toMatchObject([
    200,
    {
      patch: [{ op: 'remove', path: '/a' }, { op: 'remove', path: '/b/1' }, { op: 'add', path: '/c', value: 2 }], // prettier-ignore
      summary: { added: 1, removed: 2, replaced: 0 },
      metadata: [{ op: 'remove', path: '/k' }],
    },
  ])
  expect((await alice.get('/artifacts/x/diff?from=1.0.0&to=9.0.0')).status).toBe(404)
  expect((await alice.get('/artifacts/x/diff?from=1.0.0')).status).toBe(422)
})
