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

test('what a caller may not see counts towards the limit of its group', async () => {
  expect((await note(alice, 'secret', 60, { usage_policy: 'restricted' })).status).toBe(201)
  expect((await note(bob, 'more', 41)).status).toBe(429)
  expect((await note(bob, 'fits', 40)).status).toBe(201)
  expect((await note(await api.as('other', 'eve'), 'theirs', 100)).status).toBe(201)
})

test('one who is refused is told the limit, what of it is used, and when to ask again', async () => {
  const frank = await api.as('full', 'frank')
  await note(frank, 'some', 60)
  const refused = await note(frank, 'more', 41)
  expect(await refused.json()).toMatchObject({
    type: 'urn:keepr:problem:storage-quota-exceeded',
    detail: 'The group stores 60 of 100 bytes, and 41 more do not fit.',
    limit_bytes: 100,
    used_bytes: 60,
  })
  expect(refused.headers.get('retry-after')).toBe('60')
  expect(refused.headers.get('ratelimit-policy')).toBe('"stored";q=100;qu="content-bytes"')
  expect(refused.headers.get('ratelimit')).toBe('"stored";r=40')
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
