import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
beforeAll(async () => {
  api = await startApi({ MAX_EVENT_STREAMS_PER_USER: '2', EVENT_STREAM_HEARTBEAT: '1ms' })
  alice = await api.as('acme', 'alice')
  for (const content of [1, 2, 3]) await alice.submit({ name: 'fed', type: 'prompt', content })
  await (await api.as('other', 'bob')).submit({ name: 'foreign', type: 'prompt', content: 1 })
})
afterAll(() => api[Symbol.asyncDispose]())

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
  expect((await page(`after=${last}`)).items.map(({ data }) => data.artifact.name)).toEqual(['later', 'later'])
  expect((await page('types=submitted&limit=200')).items.every(({ type }) => type === 'artifact.submitted')).toBe(true)
})

test('a consumer hears nothing of what was never published, and cursors of others are refused', async () => {
  expect((await page('', await api.as('acme', 'carl', 'consumer'))).items).toEqual([])
  const { last_cursor } = await page('')
  const bob = await api.as('other', 'bob')
  expect((await bob.get(`/events?after=${last_cursor}`)).status).toBe(422)
})

test('types of events are asked for as they are called and as the feed tells them, and what is none is told the known ones', async () => {
  const { items } = await page('types=artifact.submitted,created&limit=200')
  expect(new Set(items.map(({ type }) => type))).toEqual(new Set(['artifact.submitted', 'artifact.created']))
  for (const types of ['nonsense', 'artifact.nonsense', 'artifact.artifact.created', '']) {
    const refused = await alice.get(`/events?types=${types}`)
    expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('created, submitted, ')])
  }
})

test('a cursor that is none is told by the name under which it was sent', async () => {
  const parameters = async (res: Response) => {
    // SAFETY: a problem with its errors.
    const { errors } = (await res.json()) as { errors: { parameter: string }[] }
    return errors.map(({ parameter }) => parameter)
  }
  expect(await parameters(await alice.get('/events?after=abc'))).toEqual(['after'])
  const live = { accept: 'text/event-stream', 'last-event-id': 'abc' }
  expect(await parameters(await alice.get('/events', live))).toEqual(['Last-Event-ID'])
})

test('the live feed goes on after Last-Event-ID', async () => {
  const { items } = await page('limit=3')
  const after = items[2]?.cursor ?? ''
  const res = await alice.get('/events', { accept: 'text/event-stream', 'last-event-id': after })
  expect(res.headers.get('content-type')).toContain('text/event-stream')
  expect(res.headers.get('cache-control')).toBe('private, no-store')
  const reader = (res.body ?? new ReadableStream<Uint8Array>()).getReader()
  let text = ''
  while (!text.includes('"sequence":6')) text += new TextDecoder().decode((await reader.read()).value)
  await reader.cancel()
  expect(text).toContain('"sequence":4')
  expect(text).not.toContain('"sequence":3')
})

/** Opens a live stream at the end of the feed. */
const follow = (who: Caller, after: string) =>
  who.get('/events', { accept: 'text/event-stream', 'last-event-id': after })
async function readUntil(res: Response, isEnough: (text: string) => boolean): Promise<string> {
  if (!res.body) throw new Error('a stream has a body')
  let text = ''
  for await (const chunk of res.body) {
    text += new TextDecoder().decode(chunk)
    if (isEnough(text)) return text
  }
  return `${text}(ended)`
}

test('a stream that has nothing to tell shows that it lives, again and again, and tells what happens then', async () => {
  const { last_cursor } = await page('limit=200')
  const res = await follow(alice, last_cursor ?? '')
  let submitted = false
  const text = await readUntil(res, (so_far) => {
    if (!submitted && so_far.split(': still here').length > 2) {
      submitted = true
      void alice.submit({ name: 'live', type: 'prompt', content: 1 })
    }
    return so_far.includes('"name":"live"')
  })
  expect(text).toMatch(/^: still here\n\n: still here\n\n/)
  expect(text).toMatch(/event: artifact\.created\n/)
})

test('a stream ends when the token does', async () => {
  const expires = Math.floor(Date.now() / 1000) + 2
  const token = await api.sign({ sub: 'brief', group_id: 'acme', roles: ['author'] }, { expires })
  const res = await follow(api.bearer(token), (await page('limit=200')).last_cursor ?? '')
  expect(await readUntil(res, () => false)).toContain('(ended)')
  expect(Date.now()).toBeGreaterThanOrEqual(expires * 1000)
})

test('a stream goes on also for a token that ends between two seconds, and takes one place', async () => {
  const expires = Date.now() / 1000 + 3600.123_456
  const brief = api.bearer(await api.sign({ sub: 'between', group_id: 'acme', roles: ['author'] }, { expires }))
  const { last_cursor } = await page('limit=200')
  const open = [await follow(brief, last_cursor), await follow(brief, last_cursor), await follow(brief, last_cursor)]
  expect(open.map(({ status }) => status)).toEqual([200, 200, 429])
  for (const { body } of open) await body?.cancel()
})

test('a user has so many streams open and no more, until one is closed; others are not concerned', async () => {
  const carl = await api.as('acme', 'carl')
  const { last_cursor } = await page('limit=200')
  const open = [await follow(carl, last_cursor ?? ''), await follow(carl, last_cursor ?? '')]
  const refused = await follow(carl, last_cursor ?? '')
  expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toMatchObject([
    429,
    '10',
    { type: 'urn:keepr:problem:too-many-streams' },
  ])
  expect((await carl.get('/events')).status).toBe(200)
  const other = await (await api.as('other', 'carl')).get('/events', { accept: 'text/event-stream' })
  expect(other.status).toBe(200)
  await Promise.all([other.body?.cancel(), open[0]?.body?.cancel()])
  const again = await waitFor(async () => {
    const res = await follow(carl, last_cursor ?? '')
    return res.status === 200 && res
  }, 'a place to be free again')
  await Promise.all([again.body?.cancel(), open[1]?.body?.cancel()])
})

test('who asks for the header fields of the live feed alone holds no stream', async () => {
  const hana = await api.as('acme', 'hana')
  const live = { accept: 'text/event-stream' }
  for (const _ of [1, 2, 3]) {
    const res = await hana.send('HEAD', '/events', undefined, live)
    expect([res.status, res.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  }
  const open = await hana.get('/events', live)
  expect(open.status).toBe(200)
  await open.body?.cancel()
})

test('the feed is live for who would rather have it so than as a page', async () => {
  const type = async (accept: string) => {
    const res = await (await api.as('acme', accept)).get('/events', { accept })
    await res.body?.cancel()
    return res.headers.get('content-type')
  }
  for (const accept of ['text/event-stream', 'Text/Event-Stream', 'text/event-stream, application/json', 'text/event-stream, */*;q=0.1'])
    expect(await type(accept), accept).toBe('text/event-stream')
  for (const accept of ['*/*', 'application/json, text/event-stream;q=0', 'text/event-stream;q=0.1, application/json', 'text/event-stream;q=0, */*'])
    expect(await type(accept), accept).toBe('application/json')
  expect(await type('application/json;q=0, text/event-stream;q=0, */*')).toBe('application/problem+json')
}) // prettier-ignore

test('a filter is not held up by what it leaves out: its cursor moves on to the end of the feed', async () => {
  const { items, last_cursor } = await page('types=purged')
  expect(items).toEqual([])
  expect((await page(`after=${last_cursor}`)).items).toEqual([])
  const first = await page('types=submitted&limit=1')
  expect(first.last_cursor).toBe(first.items[0]?.cursor)
})

test('a rare event is found however many others come before it, a bounded look at a time', async () => {
  const long = await api.as('long', 'lena')
  await api.database.admin.begin(async (sql) => {
    await sql`set local session_replication_role = replica` // how they came to be is not what is looked at
    await sql`
      with events as (
        insert into artifact_events (id, group_id, artifact_id, type, name, version, sequence, event_type, actor, status,
                                     usage_policy, content_hash, created_by, was_published)
        select gen_random_uuid(), 'long', gen_random_uuid(), 'prompt', 'old-' || n, '1', 1, 'metadata_updated', 'lena', 'published',
               'internal_only', repeat('a', 64), 'lena', true
          from generate_series(1, 20001) n
        returning id)
      insert into event_feed (group_id, position, event_id) select 'long', row_number() over (), id from events`
  })
  await long.submit({ name: 'rare', type: 'prompt', content: 1 })
  const first = await page('types=submitted', long)
  expect(first).toMatchObject({ items: [], next_cursor: first.last_cursor })
  const second = await page(`types=submitted&after=${first.next_cursor}`, long)
  expect(second.items.map(({ data }) => data.artifact.name)).toEqual(['rare'])
  expect(second.next_cursor).toBeNull()
})
