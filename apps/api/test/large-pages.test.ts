import { LARGEST_PAGE_BYTES } from '@keepr/db/longest-page'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createApp } from '../src/app.ts'
import { listen } from '../src/listen.ts'
import { createRoom } from '../src/room.ts'
import { startApi, type TestApi } from './start-api.ts'
import { watchedRoom } from './watched-room.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

type Page = { items: Record<string, unknown>[]; next_cursor: string | null; last_cursor?: string | null }
const note = 'x'.repeat(60_000)
/** What stands around the notes is little. */
const allowed = LARGEST_PAGE_BYTES + note.length

/** Follows the pages to the end, none of which may be larger than it should be. */
async function follow(group: string, path: string, parameter = 'cursor'): Promise<Page[]> {
  const alice = await api.as(group, 'alice')
  const pages: Page[] = []
  for (let cursor: string | null | undefined = ''; typeof cursor === 'string'; cursor = pages.at(-1)?.next_cursor) {
    const res = await alice.get(`${path}${cursor && `&${parameter}=${cursor}`}`)
    const text = await res.text()
    expect([res.status, text.length <= allowed]).toEqual([200, true])
    pages.push(JSON.parse(text) as Page)
  }
  return pages
}

const counts = (pages: readonly Page[]): number[] => pages.map(({ items }) => items.length)

test.each([
  ['/artifacts/?limit=200', 'cursor'],
  ['/artifacts/?limit=200&sort=name', 'cursor'],
  ['/artifacts/notes/versions?limit=200&type=numbered', 'cursor'],
  ['/events?limit=200', 'after'],
])('%s ends before its items get too large, and loses none', async (path, parameter) => {
  const group = `large${path}`
  const alice = await api.as(group, 'alice')
  for (let n = 1; n <= 35; n++) {
    const draft = { name: 'notes', type: 'numbered', content: n, metadata: { note }, draft: true }
    expect((await alice.submit(draft)).status).toBe(201)
  }
  const pages = await follow(group, path, parameter)
  expect(counts(pages)).toEqual([17, 17, 1])
  expect(new Set(pages.flatMap(({ items }) => items).map((item) => JSON.stringify(item))).size).toBe(35)
})

test('a page of events of a version ends before they get too large, and loses none', async () => {
  const alice = await api.as('large-events', 'alice')
  const draft = { name: 'notes', type: 'numbered', content: 1, draft: true }
  expect((await alice.submit(draft)).status).toBe(201)
  const path = '/artifacts/notes/1'
  for (let n = 0; n < 20; n++) {
    const patch = { metadata: { note: n + note } }
    expect((await alice.send('PATCH', `${path}/meta?type=numbered`, patch)).status).toBe(200)
  }
  const pages = await follow('large-events', `${path}/events?limit=200&type=numbered`)
  expect(pages.length).toBeGreaterThan(1)
  expect(counts(pages).reduce((sum, count) => sum + count)).toBe(21)
})

test.each(['/artifacts/notes/versions?type=numbered', '/artifacts/notes/1/events?type=numbered'])(
  '%s, asked for as a whole, is read as it is taken',
  async (path) => {
    const group = `whole${path}`
    const alice = await api.as(group, 'alice')
    for (let n = 1; n <= 25; n++) {
      const draft = { name: 'notes', type: 'numbered', content: n, metadata: { note }, draft: true }
      expect((await alice.submit(draft)).status).toBe(201)
      const patch = { metadata: { note: n + note } }
      expect((await alice.send('PATCH', '/artifacts/notes/1/meta?type=numbered', patch)).status).toBe(200)
    }
    const whole = (await (await alice.get(path)).json()) as Page
    expect(whole).toEqual({
      items: (await follow(group, `${path}&limit=200`)).flatMap(({ items }) => items),
      next_cursor: null,
    })
    const sizes: number[] = []
    const { body } = await alice.get(path)
    for await (const chunk of body ?? []) sizes.push(chunk.byteLength)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(LARGEST_PAGE_BYTES + 2 * note.length)
  },
)

test('a long answer that cannot be read to its end is broken off, and is no shorter answer', async () => {
  const alice = await api.as('broken', 'alice')
  for (let n = 1; n <= 25; n++)
    await alice.submit({ name: 'notes', type: 'numbered', content: n, metadata: { note }, draft: true })
  const server = await listen(createApp(api.ctx), { host: '127.0.0.1', port: 0 })
  onTestFinished(() => server.close())
  const { streamRoom } = api.ctx
  api.ctx.streamRoom = { enter: () => Promise.reject(new Error('no room')) }
  const headers = { authorization: `Bearer ${await api.sign({ sub: 'alice', group_id: 'broken', roles: ['author'] })}` }
  const res = await fetch(`http://127.0.0.1:${server.port}/artifacts/notes/versions`, { headers })
  await expect(res.text()).rejects.toThrow('terminated')
  api.ctx.streamRoom = streamRoom
  const whole = await fetch(`http://127.0.0.1:${server.port}/artifacts/notes/versions`, { headers })
  expect(((await whole.json()) as Page).items).toHaveLength(25)
})

test('live streams that catch up at once look for events one after the other', async () => {
  const looks = { now: 0, most: 0 }
  api.ctx.streamRoom = watchedRoom(createRoom(1), looks)
  const alice = await api.as('large-streams', 'alice')
  expect((await alice.submit({ name: 'notes', type: 'numbered', content: 1, draft: true })).status).toBe(201)
  const streams = await Promise.all(
    Array.from({ length: 5 }, () => alice.get('/events', { accept: 'text/event-stream' })),
  )
  for (const { body } of streams) {
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader?.read())?.value).toContain('artifact.created')
    await reader?.cancel()
  }
  expect(looks.most).toBe(1)
})
