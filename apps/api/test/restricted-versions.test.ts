import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
let bob: Caller
let carl: Caller
let adam: Caller
beforeAll(async () => {
  api = await startApi()
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
