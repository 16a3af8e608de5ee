import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
let bob: Caller
beforeAll(async () => {
  api = await startApi({ MAX_STORED_BYTES: '100' })
  alice = await api.as('acme', 'alice')
  bob = await api.as('acme', 'bob')
})
afterAll(() => api[Symbol.asyncDispose]())

const note = (by: Caller, name: string, bytes: number, extra: object = {}) =>
  by.submit({ name, type: 'note', content: 'x'.repeat(bytes), draft: true, ...extra })
const code = async (res: Response) => ((await res.json()) as { type: string }).type.split(':').at(-1)

test('what a caller may not see counts towards the limit of its group', async () => {
  expect((await note(alice, 'secret', 60, { usage_policy: 'restricted' })).status).toBe(201)
  const refused = await note(bob, 'more', 41)
  expect([refused.status, await code(refused)]).toEqual([429, 'storage-quota-exceeded'])
  expect((await note(bob, 'fits', 40)).status).toBe(201)
  expect((await note(await api.as('other', 'eve'), 'theirs', 100)).status).toBe(201)
})

test('a draft may not grow beyond the limit either', async () => {
  const put = (bytes: number) => bob.send('PUT', '/artifacts/fits/1', { content: 'y'.repeat(bytes) })
  expect((await put(41)).status).toBe(429)
  expect((await put(20)).status).toBe(200)
  expect((await put(40)).status).toBe(200)
})

test('submissions at the same time cannot pass the limit together', async () => {
  const dan = await api.as('third', 'dan')
  const all = await Promise.all(Array.from({ length: 8 }, (_, n) => note(dan, `n${n}`, 30)))
  expect(all.filter(({ status }) => status === 201)).toHaveLength(3)
})
