import { appendEvents, type EventSubject } from '@keepr/db/events/append-events'
import { lockName } from '@keepr/db/names/lock-name'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
let bob: Caller
let carl: Caller
let adam: Caller
beforeAll(async () => {
  api = await startApi({ EVENT_STREAM_HEARTBEAT: '1ms' })
  alice = await api.as('acme', 'alice')
  bob = await api.as('acme', 'bob')
  carl = await api.as('acme', 'carl', 'consumer')
  adam = await api.as('acme', 'adam', 'admin')
})
afterAll(() => api[Symbol.asyncDispose]())

type Body = Record<string, unknown>
// SAFETY: tests compare what they read.
const json = async (res: Response) => (await res.json()) as Body
const itemsOf = async (who: Caller, path: string) => (await json(await who.get(path)))['items'] as Body[]
const give = (name: string, usage_policy: string, by: Caller) =>
  by.send('PATCH', `/artifacts/${name}/1/meta`, { usage_policy })

const submitted = async (by: Caller, name: string, content: string, more: Body = {}) =>
  await json(await by.submit({ name, type: 'numbered', content, ...more }))

/** What every read of an artifact says that it is equal to. */
async function duplicatesOf({ id, name }: Body, who: Caller): Promise<unknown[]> {
  const single = [`/artifacts/${String(name)}`, `/artifacts/${String(name)}/1`, `/artifacts/by-id/${String(id)}`]
  const told = [
    ...(await Promise.all(single.map(async (path) => json(await who.get(path))))),
    ...(await itemsOf(who, `/artifacts/?name=${String(name)}`)),
    ...(await itemsOf(who, `/artifacts/${String(name)}/versions`)),
  ]
  expect(told.map((artifact) => artifact['id'])).toEqual([id, id, id, id, id])
  return [...new Set(told.map((artifact) => artifact['duplicate_of']))]
}

test('what an artifact is equal to is told to who may see that now', async () => {
  const first = await submitted(alice, 'first', 'equal')
  const second = await submitted(alice, 'second', 'equal')
  await api.settleAll()
  expect(second).toMatchObject({ duplicate_of: first['id'] })
  const told = async () => await Promise.all([alice, bob, adam, carl].map((who) => duplicatesOf(second, who)))
  const toAuthors = [[first['id']], [first['id']], [first['id']], [undefined]]
  expect(await told()).toEqual(toAuthors)
  await give('first', 'restricted', alice)
  expect((await bob.get('/artifacts/first/1')).status).toBe(404)
  expect(await told()).toEqual([[first['id']], [undefined], [first['id']], [undefined]])
  await give('first', 'internal_only', alice)
  await alice.send('POST', '/artifacts/first/1/archive')
  expect(await told()).toEqual(toAuthors)
})

test('nor is it told by the last answer to an author who restricts the version of another one', async () => {
  await submitted(alice, 'hidden', 'as equal', { usage_policy: 'restricted' })
  await submitted(alice, 'open', 'as equal', { usage_policy: 'restricted' })
  await api.settleAll()
  await give('open', 'internal_only', alice)
  const answer = await json(await give('open', 'restricted', bob))
  expect(answer).toMatchObject({ name: 'open', usage_policy: 'restricted' })
  expect(answer).not.toHaveProperty('duplicate_of')
})

test('of equal artifacts that the caller may see one is named that others may see as well, if there is any', async () => {
  const restricted = { usage_policy: 'restricted' }
  const mine = await submitted(alice, 'mine', 'much the same', restricted)
  const open = await submitted(alice, 'for-all', 'much the same')
  expect(open).toMatchObject({ duplicate_of: mine['id'] })
  expect(await submitted(alice, 'mine-too', 'much the same', restricted)).toMatchObject({ duplicate_of: open['id'] })
  expect(await submitted(bob, 'his', 'much the same')).toMatchObject({ duplicate_of: open['id'] })
  const draft = await submitted(bob, 'draft', 'else', { draft: true })
  expect(draft).not.toHaveProperty('duplicate_of')
  const edited = await json(await bob.send('PUT', '/artifacts/draft/1', { content: 'much the same' }))
  expect(edited).toMatchObject({ duplicate_of: open['id'] })
})

/** Publishes the versions 1, 2, … of a name, restricted where their creator says so. */
async function publish(name: string, ...creators: { by: Caller; usage_policy?: string }[]): Promise<Body[]> {
  const versions: Body[] = []
  for (const { by, usage_policy = 'internal_only' } of creators)
    versions.push(await submitted(by, name, `${name} ${versions.length + 1}`, { usage_policy }))
  await api.settleAll()
  return versions
}
const rollBack = async (by: Caller, path: string, body: Body = {}) =>
  expect((await by.send('POST', `/artifacts/${path}/rollback`, body)).status).toBe(200)
const briefly = ({ id, version, content_hash }: Body) => ({ id, version, content_hash })

/** What a version's events of one type tell, which the feed tells too, as pages and live. */
async function toldOf({ id, name, version }: Body, event_type: string, who: Caller): Promise<unknown[]> {
  const listed = await itemsOf(who, `/artifacts/${String(name)}/${String(version)}/events`)
  const told = listed.filter((event) => event['event_type'] === event_type).map((event) => event['event_data'] as Body)
  const feed = `/events?types=${event_type}&limit=200`
  const fed = (await itemsOf(who, feed)).map(({ data }) => data as Body & { artifact: Body })
  const live = await readLive(await who.get(feed, { accept: 'text/event-stream' }))
  expect(live).toEqual(fed)
  const ofVersion = fed.filter(({ artifact }) => artifact['id'] === id)
  expect(ofVersion).toMatchObject(told.map(({ to_version: _t, rollback: _r, superseded_by: _s, ...data }) => data))
  for (const [index, data] of ofVersion.entries())
    for (const key of ['withdrawn', 'restored', 'part_of']) expect(key in data).toBe(key in (told[index] ?? {}))
  return told
}

/** All that a live feed has to tell at once. */
async function readLive(res: Response): Promise<unknown[]> {
  if (!res.body) throw new Error('a stream has a body')
  let text = ''
  for await (const chunk of res.body) {
    text += new TextDecoder().decode(chunk)
    if (text.includes(': still here')) break
  }
  return [...text.matchAll(/^data: (.*)$/gmu)].map(([, data = '']) => (JSON.parse(data) as { data: unknown }).data)
}

test('a rollback does not tell of the restricted version that it goes back to', async () => {
  const [one = {}, two = {}] = await publish('back', { by: alice, usage_policy: 'restricted' }, { by: alice })
  await rollBack(alice, 'back/2', { reason: 'too new' })
  const whole = { to_version: '1', reason: 'too new', withdrawn: [briefly(two)], restored: briefly(one) }
  for (const who of [alice, adam]) expect(await toldOf(two, 'rollback', who)).toEqual([whole])
  const less = { reason: 'too new', withdrawn: [briefly(two)] }
  expect(await toldOf(two, 'rollback', bob)).toEqual([less])
  // What was rolled back is a consumer's no more, but for the feed, which told of it before.
  const fed = await itemsOf(carl, '/events?types=rollback')
  expect(fed).toMatchObject([{ data: { artifact: { id: two['id'] }, ...less } }])
  expect(JSON.stringify(fed)).not.toContain(one['id'])
  await give('back', 'internal_only', adam)
  expect(await toldOf(two, 'rollback', bob)).toEqual([whole])
})

test('nor of the restricted ones that it withdraws, nor of their events', async () => {
  const [one = {}, two = {}, three = {}, four = {}] = await publish(
    'gone',
    { by: bob },
    { by: bob },
    { by: alice, usage_policy: 'restricted' },
    { by: bob },
  )
  await adam.send('POST', '/artifacts/gone/1/archive')
  await rollBack(adam, 'gone/4', { to_version: '1' })
  const story = { to_version: '1', restored: briefly(one) }
  expect(await toldOf(four, 'rollback', adam)).toEqual([{ ...story, withdrawn: [four, three, two].map(briefly) }])
  expect(await toldOf(four, 'rollback', bob)).toEqual([{ ...story, withdrawn: [four, two].map(briefly) }])
  expect(await toldOf(two, 'rollback', bob)).toEqual([{ part_of: expect.any(String) }])
  expect(await toldOf(one, 'restored', bob)).toEqual([{ rollback: expect.any(String) }])
})

test('nor, of another version, that it was withdrawn with a restricted one', async () => {
  const [one = {}, two = {}] = await publish(
    'along',
    { by: bob },
    { by: bob },
    { by: alice, usage_policy: 'restricted' },
  )
  await adam.send('POST', '/artifacts/along/1/archive')
  await rollBack(adam, 'along/3', { to_version: '1' })
  expect(await toldOf(two, 'rollback', adam)).toEqual([{ part_of: expect.any(String) }])
  expect(await toldOf(one, 'restored', adam)).toEqual([{ rollback: expect.any(String) }])
  expect(await toldOf(two, 'rollback', bob)).toEqual([{}])
  expect(await toldOf(one, 'restored', bob)).toEqual([{}])
})

test('nor does what was superseded tell by which restricted version', async () => {
  const [one = {}] = await publish('over', { by: bob }, { by: alice, usage_policy: 'restricted' })
  const worker = api.database.connectAs('keepr_validation')
  await worker.withService('acme', async (tx) => {
    const [artifact] = await tx<EventSubject[]>`select * from artifact_active where id = ${String(one['id'])}`
    const name = artifact && (await lockName(tx, artifact, 1))
    if (!name) throw new Error('nothing was published')
    const event_data = { reason: 'superseded', superseded_by: '2' }
    await appendEvents(tx, { actor: 'system:validation-worker' }, name.last_sequence, [{ artifact, event_type: 'archived', event_data }]) // prettier-ignore
  })
  expect(await toldOf(one, 'archived', adam)).toEqual([{ reason: 'superseded', superseded_by: '2' }])
  expect(await toldOf(one, 'archived', bob)).toEqual([{ reason: 'superseded' }])
})
