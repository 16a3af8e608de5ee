import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let peer: TestApi
let alice: Caller
let admin: Caller
let operator: Caller
/** The same user at another process of the API. */
let elsewhere: Caller
beforeAll(async () => {
  api = await startApi()
  peer = await api.peer('two')
  alice = await api.as('acme', 'alice')
  admin = await api.as('acme', 'root', 'admin')
  operator = await api.as('acme', 'olga', 'operator')
  elsewhere = await peer.as('acme', 'alice')
})
afterAll(async () => {
  await peer[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

const at = (name: string, below = '', version = '1') => `/artifacts/${name}/${version}${below}?type=numbered`
const replayed = (res: Response) => res.headers.get('idempotent-replayed')
const draft = (name: string) => alice.submit({ name, type: 'numbered', content: 1, draft: true })
const pending = (name: string) => alice.submit({ name, type: 'numbered', content: 1 })
const published = async (name: string, ...versions: number[]) => {
  for (const version of versions) await alice.submit({ name, type: 'numbered', version, content: version })
  await api.settleAll()
}

type Write = [
  operation: string,
  ready: (name: string) => Promise<unknown>,
  by: () => Caller,
  ask: [string, string, unknown?],
]
/** Each write, with what it needs. A second effect would be another status, or another event. */
const writes: Write[] = [
  ['submitArtifact', async () => {}, () => alice, ['POST', '/artifacts', { name: 'k-submitArtifact', type: 'numbered', content: 1 }]],
  ['editDraft', draft, () => alice, ['PUT', '', { content: 2 }]],
  ['discardDraft', draft, () => alice, ['DELETE', '']],
  ['submitDraft', draft, () => alice, ['POST', '/submit', {}]],
  ['cancelVerification', pending, () => alice, ['POST', '/cancel']],
  ['revalidateArtifact', async (name) => { await pending(name); await alice.send('POST', at(name, '/cancel')) }, () => alice, ['POST', '/revalidate']],
  ['patchMetadata', (name) => published(name, 1), () => alice, ['PATCH', '/meta', { metadata: { a: 1 } }]],
  ['archiveArtifact', (name) => published(name, 1), () => alice, ['POST', '/archive', {}]],
  ['restoreArtifact', async (name) => { await published(name, 1); await alice.send('POST', at(name, '/archive')) }, () => admin, ['POST', '/restore']],
  ['rollBackArtifact', (name) => published(name, 1, 2), () => alice, ['POST', '2/rollback', { reason: 'again' }]],
  ['cleanUpArtifacts', async () => {}, () => alice, ['POST', '/artifacts/cleanup', { ttl: '90d' }]],
  ['explainAccess', async () => {}, () => alice, ['POST', '/access/explain', { action: 'submit' }]],
  ['startRecheck', async () => {}, () => operator, ['POST', '/rechecks', { type: 'checked', simulate: true }]],
] // prettier-ignore

const pathFor = (name: string, below: string) => {
  if (/^\/(artifacts|access|rechecks)/u.test(below)) return below
  const [, version = '1', verb = ''] = /^(\d*)(.*)$/u.exec(below) ?? []
  return at(name, verb, version === '' ? '1' : version)
}

test.each(writes)(
  '%s: its first answer is given again, and nothing happens twice',
  async (operation, ready, by, ask) => {
    const name = `k-${operation}`
    await ready(name)
    const [method, below, body] = ask
    const key = { 'idempotency-key': `key of ${operation}` }
    const path = pathFor(name, below)
    const first = await by().send(method, path, body, key)
    expect([operation, first.ok, replayed(first)]).toEqual([operation, true, null])
    const events = await eventsOf(name)
    const again = await by().send(method, path, body, key)
    expect([again.status, replayed(again), await again.text()]).toEqual([first.status, 'true', await first.text()])
    for (const field of ['etag', 'location']) expect(again.headers.get(field)).toBe(first.headers.get(field))
    expect(await eventsOf(name)).toBe(events)
    if (body !== undefined && Object.keys(Object(body)).length > 0) {
      const other = await by().send(method, path, { ...Object(body), reason: 'other' }, key)
      expect(((await other.json()) as { type: string }).type).toBe('urn:keepr:problem:idempotency-key-reused')
    }
  },
)

const eventsOf = async (name: string) =>
  (await api.database.admin`select 1 from artifact_events where name = ${name}`).length

test('a refusal is kept like any answer', async () => {
  const key = { 'idempotency-key': 'refused' }
  const first = await alice.send('POST', at('not-there', '/submit'), undefined, key)
  await draft('not-there')
  const again = await alice.send('POST', at('not-there', '/submit'), undefined, key)
  expect([first.status, again.status, replayed(again)]).toEqual([404, 404, 'true'])
})

test('a key belongs to one user and route, and stands for the query and If-Match as well as for the body', async () => {
  await draft('asked')
  const patch = (by: Caller, path: string, headers = {}) =>
    by.send('PATCH', path, { metadata: { a: 1 } }, { 'idempotency-key': 'whose', ...headers })
  const path = at('asked', '/meta')
  expect((await patch(alice, path)).status).toBe(200)
  expect(replayed(await patch(alice, path))).toBe('true')
  for (const other of [await patch(alice, '/artifacts/asked/1/meta'), await patch(alice, path, { 'if-match': '*' })])
    expect([other.status, await other.json()]).toMatchObject([
      422,
      { type: 'urn:keepr:problem:idempotency-key-reused' },
    ])
  const others = [
    await patch(await api.as('acme', 'bob'), path),
    await patch(await api.as('other', 'alice'), path),
    await alice.send('PUT', at('asked'), { content: 2 }, { 'idempotency-key': 'whose' }),
  ]
  expect(others.map((res) => [res.status, replayed(res)])).toEqual([
    [200, null],
    [404, null],
    [200, null],
  ])
})

test('one key at two processes at once has one effect, and every later answer is the first', async () => {
  const body = { name: 'duplicated', type: 'numbered', content: 1 }
  const key = { 'idempotency-key': 'at two processes' }
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? alice : elsewhere).submit(body, key)),
  )
  for (const res of all.filter(({ status }) => status !== 202)) {
    expect([res.status, res.headers.has('retry-after')]).toEqual([409, true])
    expect(((await res.json()) as { type: string }).type).toBe('urn:keepr:problem:in-progress')
  }
  const taken = all.filter(({ status }) => status === 202)
  expect(taken.filter((res) => replayed(res) === null)).toHaveLength(1)
  const texts = await Promise.all([...taken, await elsewhere.submit(body, key)].map((res) => res.text()))
  expect(new Set(texts).size).toBe(1)
  expect(await eventsOf('duplicated')).toBe(2)
})

test('who waited for a verdict is told it again, and while they wait the key is in progress', async () => {
  const body = { name: 'awaited', type: 'numbered', content: 1 }
  const headers = { 'idempotency-key': 'awaited', prefer: 'wait=20' }
  const first = alice.submit(body, headers)
  await waitFor(async () => (await eventsOf('awaited')) > 0, 'the submission')
  const meanwhile = await elsewhere.submit(body, headers)
  expect([meanwhile.status, ((await meanwhile.json()) as { type: string }).type]).toEqual([
    409,
    'urn:keepr:problem:in-progress',
  ])
  await api.settleAll()
  const told = await first
  const again = await elsewhere.submit(body, headers)
  expect([told.status, again.status, replayed(again)]).toEqual([201, 201, 'true'])
  expect(await again.text()).toBe(await told.text())
})

test('who waited in vain is told the 202 again', async () => {
  const body = { name: 'in-vain', type: 'numbered', content: 1 }
  const headers = { 'idempotency-key': 'in vain', prefer: 'wait=1' }
  const first = await alice.submit(body, headers)
  await api.settleAll()
  const again = await alice.submit(body, headers)
  expect([first.status, again.status, replayed(again), await again.text()]).toEqual([
    202,
    202,
    'true',
    await first.text(),
  ])
})

test('a kept answer names every artifact that it tells of', async () => {
  await published('told', 1, 2, 3)
  const res = await alice.send('POST', at('told', '/rollback', '3'), { to_version: '1' }, { 'idempotency-key': 'told' })
  const { withdrawn, restored } = (await res.json()) as { withdrawn: { id: string }[]; restored: { id: string } }
  const [kept] = await api.database.admin<{ artifact_ids: string[] }[]>`
    select artifact_ids from idempotency_keys where key = 'told'`
  expect(withdrawn).toHaveLength(2)
  expect(new Set(kept?.artifact_ids)).toEqual(new Set([...withdrawn, restored].map(({ id }) => id)))
})
