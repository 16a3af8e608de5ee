import { randomUUIDv7 } from 'node:crypto'
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

const at = (name: string, version: string, below = '') => `/artifacts/${name}/${version}${below}?type=numbered`
const etagOf = (res: Response) => res.headers.get('etag') ?? 'none'
const tagOf = async (name: string, version: string) => etagOf(await alice.get(at(name, version)))

async function publish(name: string, ...versions: string[]) {
  for (const version of versions) await alice.submit({ name, type: 'numbered', version, content: version })
  await api.settleAll()
}

/** Each write of a version that is there, in a state that allows it. */
const writes: [operation: string, set: (name: string) => Promise<void>, write: (name: string, tag: string) => Promise<Response>][] = [
  ['PUT', draft, (name, tag) => alice.send('PUT', at(name, '1'), { content: 2 }, { 'if-match': tag })],
  ['DELETE', draft, (name, tag) => alice.send('DELETE', at(name, '1'), undefined, { 'if-match': tag })],
  ['submit', draft, post(() => alice, 'submit')],
  ['PATCH', (name) => publish(name, '1'), (name, tag) => alice.send('PATCH', at(name, '1', '/meta'), { metadata: { a: 1 } }, { 'if-match': tag })],
  ['rollback', (name) => publish(name, '1', '2'), post(() => alice, 'rollback', '2')],
  ['archive', (name) => publish(name, '1'), post(() => alice, 'archive')],
  ['restore', archived, post(() => admin, 'restore')],
  ['cancel', pending, post(() => alice, 'cancel')],
  ['revalidate', blocked, post(() => alice, 'revalidate')],
] // prettier-ignore

async function draft(name: string) {
  await alice.submit({ name, type: 'numbered', content: 1, draft: true })
}
async function pending(name: string) {
  await alice.submit({ name, type: 'numbered', content: 1 })
}
async function blocked(name: string) {
  await pending(name)
  await alice.send('POST', at(name, '1', '/cancel'))
}
async function archived(name: string) {
  await publish(name, '1')
  await alice.send('POST', at(name, '1', '/archive'))
}
function post(by: () => Caller, verb: string, version = '1') {
  return (name: string, tag: string) => by().send('POST', at(name, version, `/${verb}`), {}, { 'if-match': tag })
}

test.each(writes)('%s happens to the revision that was read only', async (operation, set, write) => {
  const name = `if-match-${operation}`
  await set(name)
  const version = operation === 'rollback' ? '2' : '1'
  const tag = await tagOf(name, version)
  for (const stale of ['"other"', `W/${tag}`, tag.slice(0, -1)]) {
    const refused = await write(name, stale)
    expect([stale, refused.status, ((await refused.json()) as { type: string }).type]).toEqual([
      stale,
      412,
      'urn:keepr:problem:precondition-failed',
    ])
  }
  expect(await tagOf(name, version)).toBe(tag)
  const done = await write(name, `"other", ${tag}`)
  expect([operation, done.ok]).toEqual([operation, true])
  if (operation !== 'DELETE') expect(await tagOf(name, version)).not.toBe(tag)
})

test('of two writes to one revision the second is refused', async () => {
  await draft('twice')
  const tag = await tagOf('twice', '1')
  const both = await Promise.all(
    [2, 3].map((content) => alice.send('PUT', at('twice', '1'), { content }, { 'if-match': tag })),
  )
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412])
})

test('a write answers the tag that a read finds', async () => {
  const submitted = await alice.submit({ name: 'tagged', type: 'numbered', content: 1 })
  expect(etagOf(submitted)).toBe(await tagOf('tagged', '1'))
  const cancelled = await alice.send('POST', at('tagged', '1', '/cancel'))
  expect(etagOf(cancelled)).toBe(await tagOf('tagged', '1'))
  const again = await alice.send('POST', at('tagged', '1', '/revalidate'))
  expect(etagOf(again)).toBe(await tagOf('tagged', '1'))
  expect((await submitted.json()) as object).toMatchObject({ validation: { state: 'waiting', attempts: [] } })
})

test('the tag of a pending version changes with each try, and not by reading content', async () => {
  const { id } = (await (await alice.submit({ name: 'tried', type: 'numbered', content: 1 })).json()) as { id: string }
  const before = await tagOf('tried', '1')
  expect((await alice.get(at('tried', '1'), { 'if-none-match': before })).status).toBe(304)
  await api.database.admin`
    insert into validation_tries (id, group_id, run_id, at, duration_ms, outcome, reason)
    select ${randomUUIDv7()}, group_id, validation_run_id, now(), 12, 'error', 'HTTP 503' from artifact_active where id = ${id}`
  await api.database.admin`update validation_runs set attempts = 1 where artifact_id = ${id}`
  const polled = await alice.get(at('tried', '1'), { 'if-none-match': before })
  expect([polled.status, await polled.json()]).toMatchObject([
    200,
    { validation: { attempts: [{ outcome: 'error' }] } },
  ])
  await api.settleAll()
  const published = await tagOf('tried', '1')
  expect(published).not.toBe(before)
  await alice.get(at('tried', '1', '/content'))
  await api.ctx.accessLog.flush('all')
  expect(await tagOf('tried', '1')).toBe(published)
})
