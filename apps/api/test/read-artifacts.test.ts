import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
let carl: Caller
let mallory: Caller
beforeAll(async () => {
  api = await startApi()
  alice = await api.as('acme', 'alice')
  carl = await api.as('acme', 'carl', 'consumer')
  mallory = await api.as('other', 'mallory')
  for (const [version, content] of [
    ['1.0.0', 1],
    ['1.2.0', { n: 12 }],
    ['2.0.0-rc.1', 3],
  ] as const) {
    await alice.submit({
      name: 'chain',
      type: 'semantic',
      version,
      content,
      metadata: { tags: ['a', version], description: 'a chain of things' },
    })
  }
  await alice.submit({ name: 'shared', type: 'note', content: 'hello world', usage_policy: 'public' })
  await alice.submit({ name: 'own', type: 'prompt', content: 1, usage_policy: 'restricted' })
  await api.settleAll()
  await alice.submit({ name: 'pending', type: 'prompt', content: 'x' })
  await alice.submit({ name: 'drafted', type: 'prompt', content: 'd', draft: true })
})
afterAll(() => api[Symbol.asyncDispose]())

const json = async (res: Response) => (await res.json()) as Record<string, never>
/** A 404 without what differs between any two answers. */
const bare = async (res: Response) => [res.status, { ...(await json(res)), request_id: '' }]

test('latest is the highest release, a range picks within it, and content is inline', async () => {
  const latest = await alice.get('/artifacts/chain')
  expect([latest.status, await latest.json()]).toMatchObject([
    200,
    { version: '1.2.0', content: { n: 12 }, usable: true, validation: { state: 'not_required' } },
  ])
  expect(await json(await alice.get('/artifacts/chain?version=%5E1.0.0&content=false'))).toMatchObject({
    version: '1.2.0',
  })
  expect(await json(await alice.get('/artifacts/chain?version=~1.0'))).toMatchObject({ version: '1.0.0' })
  expect(await json(await alice.get('/artifacts/chain?version=%3E%3D2.0.0-0'))).toMatchObject({ version: '2.0.0-rc.1' })
  expect((await alice.get('/artifacts/chain?version=%5E7')).status).toBe(404)
  expect((await alice.get('/artifacts/chain?version=nonsense%20!')).status).toBe(422)
  expect((await alice.get('/artifacts/chain?versoin=1')).status).toBe(422)
  expect((await alice.get('/artifacts/chain?type=a&type=b')).status).toBe(422)
})

test('the empty range is any version; a range that is too long is told so, and nothing else', async () => {
  expect(await json(await alice.get('/artifacts/chain?version='))).toMatchObject({ version: '1.2.0' })
  const long = await alice.get(`/artifacts/chain?version=${'x'.repeat(257)}`)
  expect([long.status, (await json(long))['errors']]).toEqual([
    422,
    [{ pointer: '', parameter: 'version', detail: 'is longer than 256 characters' }],
  ])
})

test('a version that is none is told all limits', async () => {
  for (const version of ['2147483648', `1.0.0-${'a'.repeat(59)}`, '9007199254740992.0.0']) {
    const refused = await json(await alice.submit({ name: 'x', type: 'prompt', version, content: 1 }))
    expect(refused['errors'], version).toEqual([
      {
        pointer: '/version',
        detail:
          'must be a positive integer up to 2147483647, or a SemVer 2.0.0 string without build metadata, of at most 64 characters and with numbers up to 9007199254740991',
      },
    ])
  }
})

test('a revision that the caller has is answered by 304, by an exact tag', async () => {
  const first = await alice.get('/artifacts/chain/1.0.0')
  const etag = first.headers.get('etag') ?? ''
  const again = await alice.get('/artifacts/chain/1.0.0', { 'if-none-match': etag })
  expect([again.status, await again.text()]).toEqual([304, ''])
  expect(first.headers.get('cache-control')).toBe('private, no-cache')
  expect((await alice.get('/artifacts/chain/1.0.0', { 'if-none-match': '"other"' })).status).toBe(200)
})

test('content is sent with its digests, in ranges, and not again', async () => {
  const path = '/artifacts/shared/1/content'
  const whole = await alice.get(path)
  expect([whole.status, await whole.text()]).toEqual([200, 'hello world'])
  const etag = whole.headers.get('etag') ?? ''
  expect(whole.headers.get('x-content-type-options')).toBe('nosniff')
  expect(whole.headers.get('content-digest')).toBe(whole.headers.get('repr-digest'))
  const part = await alice.get(path, { range: 'bytes=6-' })
  expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([206, 'world', 'bytes 6-10/11'])
  expect((await alice.get(path, { range: 'bytes=99-' })).status).toBe(416)
  expect((await alice.get(path, { range: 'bytes=6-', 'if-range': '"other"' })).status).toBe(200)
  const unchanged = await alice.get(path, { 'if-none-match': etag })
  expect([unchanged.status, unchanged.headers.get('etag')]).toEqual([304, etag])
  // RFC 9110, 15.4.5: what a cache needs, and nothing else of the representation.
  for (const name of ['content-type', 'content-disposition', 'accept-ranges'])
    expect(unchanged.headers.has(name)).toBe(false)
  expect((await alice.get(path, { range: 'Bytes=0-1' })).status).toBe(206)
  expect((await alice.get(path, { range: 'bytes=999999999999999999999-' })).status).toBe(416)
  const head = await alice.send('HEAD', path)
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '11', ''])
  await api.ctx.accessLog.flush()
  expect(await json(await alice.get('/artifacts/shared?content=false'))).toHaveProperty('last_accessed_at')
})

test('who has content already, or reads a part of it, has used it', async () => {
  const path = '/artifacts/shared/1'
  const [bytes, whole] = [await alice.get(`${path}/content`), await alice.get(path)]
  const tagOf = (res: Response) => ({ 'if-none-match': res.headers.get('etag') ?? '' })
  const reads: [string, Record<string, string>, number][] = [
    [`${path}/content`, { range: 'bytes=0-1' }, 206],
    [`${path}/content`, tagOf(bytes), 304],
    [path, tagOf(whole), 304],
    [`${path}/content`, { range: 'bytes=99-' }, 416],
  ]
  for (const [read, headers, status] of reads) {
    await api.ctx.accessLog.flush('all')
    await api.database.admin`update artifact_active set last_accessed_at = null where name = 'shared'`
    expect((await alice.get(read, headers)).status).toBe(status)
    await api.ctx.accessLog.flush('all')
    const { last_accessed_at } = await json(await alice.get(`${path}?content=false`))
    expect([status, last_accessed_at !== undefined]).toEqual([status, status !== 416])
  }
})

test('who asks for header fields alone has not used an artifact', async () => {
  for (const path of ['/artifacts/own', '/artifacts/own/1', '/artifacts/own/1/content'])
    expect((await alice.send('HEAD', path)).status).toBe(200)
  await api.ctx.accessLog.flush()
  expect(await json(await alice.get('/artifacts/own?content=false'))).not.toHaveProperty('last_accessed_at')
})

test('content is answered only where it is the one that is meant, and of a type that is accepted', async () => {
  const path = '/artifacts/shared/1/content'
  const etag = (await alice.get(path)).headers.get('etag') ?? ''
  const asked = async (headers: Record<string, string>) => [
    (await alice.get(path, headers)).status,
    (await alice.send('HEAD', path, undefined, headers)).status,
  ]
  for (const tags of [etag, '*', `"other", ${etag}`]) expect(await asked({ 'if-match': tags })).toEqual([200, 200])
  for (const tags of ['"other"', `W/${etag}`]) expect(await asked({ 'if-match': tags })).toEqual([412, 412])
  expect(await asked({ 'if-match': '"other"', 'if-none-match': etag })).toEqual([412, 412])
  expect((await alice.get(path, { 'if-match': '"other"', range: 'bytes=6-' })).status).toBe(412)
  for (const accept of ['text/plain', 'text/*', 'image/*, */*;q=0.1', 'TEXT/PLAIN;charset=utf-8'])
    expect(await asked({ accept })).toEqual([200, 200])
  for (const accept of ['image/*', 'application/json', 'text/plain;q=0'])
    expect(await asked({ accept, 'if-none-match': etag })).toEqual([406, 406])
})

test('what has not passed validation gives no content to anyone', async () => {
  const view = await json(await alice.get('/artifacts/pending/1'))
  expect(view).toMatchObject({ status: 'on_verification', usable: false })
  expect(view).not.toHaveProperty('content')
  expect((await alice.get('/artifacts/pending/1/content')).status).toBe(409)
  expect((await alice.get('/artifacts/pending')).status).toBe(404)
  expect(await json(await alice.get('/artifacts/drafted/1'))).toMatchObject({ content: 'd', usable: false })
})

test('what a caller may not see is answered exactly as what is not there', async () => {
  const paths = [
    '/artifacts/drafted/1',
    '/artifacts/pending/1',
    '/artifacts/own',
    '/artifacts/own/1/content',
    '/artifacts/own/1/events',
    '/artifacts/drafted/versions',
  ]
  for (const path of paths) {
    expect(await bare(await carl.get(path)), path).toEqual(
      await bare(await carl.get(path.replace(/drafted|pending|own/, 'nothing'))),
    )
  }
  const { id } = await json(await alice.get('/artifacts/chain'))
  expect(await bare(await mallory.get('/artifacts/chain'))).toEqual(await bare(await mallory.get('/artifacts/nothing')))
  expect(await bare(await mallory.get(`/artifacts/by-id/${String(id)}`))).toEqual(
    await bare(await mallory.get('/artifacts/by-id/019ab1de-7c00-7000-8000-000000000001')),
  )
  expect(await bare(await mallory.get(`/artifacts/by-id/${String(id)}/content`))).toEqual(
    await bare(await mallory.get('/artifacts/by-id/019ab1de-7c00-7000-8000-000000000001/content')),
  )
})

test('a public artifact of another group is shown without what is private to it', async () => {
  const view = await json(await mallory.get('/artifacts/shared'))
  expect(view).toMatchObject({ group_id: 'acme', content: 'hello world' })
  for (const hidden of ['created_by', 'validation', 'last_accessed_at']) expect(view).not.toHaveProperty(hidden)
  expect((await mallory.get('/artifacts/shared/1/events')).status).toBe(404)
  await (await api.as('third', 'tom')).submit({ name: 'shared', type: 'note', content: 'mine', usage_policy: 'public' })
  await api.settleAll()
  expect(view['links']).toEqual({
    self: `/artifacts/by-id/${String(view['id'])}`,
    content: `/artifacts/by-id/${String(view['id'])}/content`,
  })
  const ambiguous = await mallory.get('/artifacts/shared')
  const { ids } = (await ambiguous.json()) as { ids: string[] }
  expect([ambiguous.status, ids.length, ids]).toEqual([409, 2, ids.toSorted()])
  expect((await mallory.get(`/artifacts/by-id/${String(view['id'])}`)).status).toBe(200)
  const content = await mallory.get(`/artifacts/by-id/${String(view['id'])}/content`)
  expect([content.status, await content.text()]).toEqual([200, 'hello world'])
  expect(await json(await alice.get('/artifacts/shared'))).toMatchObject({ group_id: 'acme' })
})

test('several types of one name are told apart by ?type=', async () => {
  for (const type of ['prompt', 'note']) await alice.submit({ name: 'twin', type, content: 'x' })
  expect((await alice.get('/artifacts/twin/1')).status).toBe(409)
  expect(await json(await alice.get('/artifacts/twin/1?type=note'))).toMatchObject({ type: 'note' })
})

test('versions are listed highest first', async () => {
  const { items } = (await (await alice.get('/artifacts/chain/versions')).json()) as { items: { version: string }[] }
  expect(items.map(({ version }) => version)).toEqual(['2.0.0-rc.1', '1.2.0', '1.0.0'])
})

test('the list is filtered, and its pages hold every item once', async () => {
  const list = async (query: string, who = alice) =>
    (await (await who.get(`/artifacts/?${query}`)).json()) as {
      items: { name: string; version: string }[]
      next_cursor: string | null
    }
  const names = async (query: string, who = alice) =>
    (await list(query, who)).items.map(({ name, version }) => `${name} ${version}`)
  expect(await names('tag=a&tag=1.0.0')).toEqual(['chain 1.0.0'])
  expect(await names('q=chain%20things&sort=created_at')).toEqual(['chain 1.0.0', 'chain 1.2.0', 'chain 2.0.0-rc.1'])
  expect(await names('name=cha*&status=published&sort=name')).toEqual([
    'chain 2.0.0-rc.1',
    'chain 1.2.0',
    'chain 1.0.0',
  ])
  expect(await names('status=draft')).toEqual(['drafted 1'])
  expect(await names('status=draft', carl)).toEqual([])
  expect((await names('scope=public', mallory)).every((name) => name.startsWith('shared'))).toBe(true)
  for (const sort of ['-created_at', 'created_at', 'name']) {
    const all = await names(`sort=${sort}&limit=200`)
    const paged: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await list(`sort=${sort}&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
      paged.push(...page.items.map(({ name, version }) => `${name} ${version}`))
      cursor = page.next_cursor
    }
    expect(paged).toEqual(all)
  }
  for (const bad of [
    'limit=0',
    'limit=201',
    'limit=1&limit=2',
    'sort=size',
    'cursor=abc',
    'group_id=x',
    'created_after=yesterday',
    'created_after=9999-99-99T00:00:00Z',
  ]) {
    expect((await alice.get(`/artifacts/?${bad}`)).status, bad).toBe(422)
  }
  for (const since of ['2016-12-31t23:59:59.25z', '2017-01-01T08:59:60+09:00', '2016-06-30T23:59:60Z'])
    expect((await names(`created_after=${encodeURIComponent(since)}`)).length, since).toBeGreaterThan(0)
})

test('the types that a name may mean are told in order', async () => {
  for (const type of ['prompt', 'shaped', 'numbered', 'note'])
    await alice.submit({ name: 'of-many', type, content: type === 'shaped' ? { a: 'a', b: 1 } : 'x' })
  const refused = await alice.get('/artifacts/of-many/1')
  expect([refused.status, await refused.json()]).toMatchObject([
    409,
    { types: ['note', 'numbered', 'prompt', 'shaped'] },
  ])
})

test('events are numbered and tell who and in which request', async () => {
  const { items } = (await (await alice.get('/artifacts/chain/1.0.0/events')).json()) as {
    items: Record<string, unknown>[]
  }
  expect(items).toMatchObject([
    { event_type: 'created', sequence: 1, actor: 'alice' },
    { event_type: 'submitted', sequence: 2 },
  ])
})

test('unknown paths, methods and media types are problems', async () => {
  expect((await alice.get('/nothing')).status).toBe(404)
  const put = await alice.send('PUT', '/types')
  expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  expect((await alice.get('/types', { accept: 'image/png' })).status).toBe(406)
  expect((await alice.get('/types/')).status).toBe(200)
})

test('while the queue is away the API is ready, and says that something is missing', async () => {
  const nobody = api.bearer(undefined)
  const readiness = async () => {
    const res = await nobody.get('/readyz')
    return [res.status, await res.json()]
  }
  expect(await readiness()).toEqual([200, { status: 'ready' }])
  const { queueIsUp } = api.ctx
  onTestFinished(() => void (api.ctx.queueIsUp = queueIsUp))
  api.ctx.queueIsUp = () => false
  expect(await readiness()).toEqual([200, { status: 'degraded' }])
})

test('the API describes itself, and its reference loads nothing from elsewhere', async () => {
  const nobody = api.bearer(undefined)
  const document = (await (await nobody.get('/openapi.json')).json()) as {
    openapi: string
    paths: Record<string, object>
  }
  expect(document.openapi).toBe('3.1.0')
  expect(Object.keys(document.paths)).toContain('/artifacts/{name}/{version}/content')
  const page = await (await nobody.get('/docs')).text()
  expect(page).toContain('<title>Keepr API</title>')
  expect(page).not.toMatch(/https?:\/\//)
  for (const [, path = ''] of page.matchAll(/(?:src|href)="([^"]+)"/g))
    expect((await nobody.get(path)).status, path).toBe(200)
  expect((await nobody.get('/healthz')).status).toBe(200)
  expect((await nobody.get('/readyz')).status).toBe(200)
  expect(await (await nobody.get('/metrics')).text()).toContain('keepr_http_request_duration_seconds')
})

test('content that is not what was hashed is never sent, wherever it would stand', async () => {
  for (const content of [{ text: 'sound' }, { text: 'other' }])
    await alice.submit({ name: 'damaged', type: 'prompt', content })
  await api.settleAll()
  const [artifact] = await api.database.admin.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    return await sql<{ id: string }[]>`
      update artifact_active set content = convert_to('{"text":"spoilt"}', 'UTF8') where name = 'damaged' and version = '2' returning id`
  })
  const paths = ['damaged', 'damaged/2', `by-id/${artifact?.id}`, 'damaged/2/content', 'damaged/diff?from=1&to=2']
  for (const path of paths) {
    const answer = await alice.get(`/artifacts/${path}`)
    const text = await answer.text()
    expect([path, answer.status, text]).toEqual([path, 500, expect.stringContaining('content-damaged')])
    expect(text).not.toContain('spoilt')
  }
  for (const path of ['damaged?content=false', 'damaged/1', 'damaged/versions'])
    expect((await alice.get(`/artifacts/${path}`)).status).toBe(200)
})
