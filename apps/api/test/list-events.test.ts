import { sequenceEvents } from '@keepr/db/outbox/sequence-events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
beforeAll(async () => {
  api = await startApi()
  alice = await api.as('acme', 'alice')
  for (const content of [1, 2, 3]) await alice.submit({ name: 'fed', type: 'prompt', content })
  await (await api.as('other', 'bob')).submit({ name: 'foreign', type: 'prompt', content: 1 })
  await sequence()
})
afterAll(() => api[Symbol.asyncDispose]())

const sequence = () => api.ctx.db.withService(null, (tx) => sequenceEvents(tx, 100))
type Page = {
  items: { type: string; data: { sequence: number; artifact: { name: string; metadata: unknown } }; cursor: string }[]
  next_cursor: string | null
  last_cursor: string
}
const page = async (query: string, who = alice) => (await (await who.get(`/events?${query}`)).json()) as Page

test('the feed gives every event of the group once, in order, and goes on from its cursor', async () => {
  const seen: number[] = []
  let cursor: string | null = ''
  let last = ''
  while (cursor !== null) {
    const { items, next_cursor, last_cursor } = await page(`limit=2${cursor === '' ? '' : `&after=${cursor}`}`)
    seen.push(...items.map(({ data }) => data.sequence))
    cursor = next_cursor
    last = last_cursor
  }
  expect(seen).toEqual([1, 2, 3, 4, 5, 6])
  expect((await page(`after=${last}`)).items).toEqual([])
  await alice.submit({ name: 'later', type: 'prompt', content: 1 })
  await sequence()
  expect((await page(`after=${last}`)).items.map(({ data }) => data.artifact.name)).toEqual(['later', 'later'])
  expect((await page('types=submitted&limit=200')).items.every(({ type }) => type === 'artifact.submitted')).toBe(true)
})

test('a consumer hears nothing of what was never published, and cursors of others are refused', async () => {
  expect((await page('', await api.as('acme', 'carl', 'consumer'))).items).toEqual([])
  const { last_cursor } = await page('')
  const bob = await api.as('other', 'bob')
  expect((await bob.get(`/events?after=${last_cursor}`)).status).toBe(422)
  expect((await alice.get('/events?types=nonsense')).status).toBe(422)
})

test('the live feed goes on after Last-Event-ID', async () => {
  const { items } = await page('limit=3')
  const after = items[2]?.cursor ?? ''
  const res = await alice.get('/events', { accept: 'text/event-stream', 'last-event-id': after })
  expect(res.headers.get('content-type')).toContain('text/event-stream')
  const reader = (res.body ?? new ReadableStream<Uint8Array>()).getReader()
  let text = ''
  while (!text.includes('"sequence":6')) text += new TextDecoder().decode((await reader.read()).value)
  await reader.cancel()
  expect(text).toContain('"sequence":4')
  expect(text).not.toContain('"sequence":3')
})
