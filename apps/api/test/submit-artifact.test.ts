import { createHash } from 'node:crypto'
import { verdictChannel } from '@keepr/db/verdict-channel'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
beforeAll(async () => {
  api = await startApi()
  alice = await api.as('acme', 'alice')
})
afterAll(() => api[Symbol.asyncDispose]())

const json = async (res: Response) => (await res.json()) as Record<string, never>

test('a submission is accepted, stored with its hash and waits for its verdict', async () => {
  const res = await alice.submit({
    name: 'hello',
    type: 'prompt',
    content: { b: 1, a: [1.5, 'x'] },
    metadata: { tags: ['t'] },
  })
  const body = await json(res)
  expect([res.status, body]).toMatchObject([
    202,
    { version: '1', status: 'on_verification', usable: false, created_by: 'alice' },
  ])
  expect(res.headers.get('location')).toBe('/artifacts/hello/1?type=prompt')
  expect(body['content_hash']).toBe(createHash('sha256').update('{"a":[1.5,"x"],"b":1}').digest('hex'))
  expect(body).not.toHaveProperty('content')
  const [run] = await api.database.admin`select state from validation_runs where artifact_id = ${String(body['id'])}`
  const messages = await api.database.admin`select kind from outbox where group_id = 'acme' order by kind`
  expect(run).toMatchObject({ state: 'waiting' })
  expect(messages.map(({ kind }) => kind as string)).toEqual(['fan_out_events', 'validate_run'])
})

test('text, base64 and multipart content keep their bytes', async () => {
  const text = await alice.submit({ name: 'text', type: 'note', content: 'grüße' })
  expect(text.status).toBe(202)
  const bytes = Buffer.from([0, 255, 1, 2])
  const base64 = await json(await alice.submit({ name: 'bin', type: 'blob', content_base64: bytes.toString('base64') }))
  const form = new FormData()
  form.set('artifact', JSON.stringify({ name: 'bin', type: 'blob', version: '2' }))
  form.set('content', new Blob([bytes], { type: 'image/x-test' }), 'a.bin')
  const upload = await alice.send('POST', '/artifacts', form)
  const body = await json(upload)
  expect([upload.status, body]).toMatchObject([
    202,
    { content_type: 'image/x-test', content_size: 4, duplicate_of: base64['id'] },
  ])
  expect(body['content_hash']).toBe(createHash('sha256').update(bytes).digest('hex'))
})

test('a draft answers 201 and opens no run', async () => {
  const res = await alice.submit({ name: 'drafted', type: 'prompt', content: 1, draft: true })
  expect([res.status, await json(res)]).toMatchObject([201, { status: 'draft' }])
})

test('every offence against the schema is named', async () => {
  const cases: [unknown, number, string[]][] = [
    [{ type: 'prompt', content: 1 }, 422, ['/name']],
    [{ name: '../x', type: 'prompt', content: 1, colour: 1 }, 422, ['/name', '/colour']],
    [{ name: 'x', type: 'prompt', content: 1, group_id: 'evil', status: 'published' }, 422, ['/group_id', '/status']],
    [{ name: 'by-id', type: 'prompt', content: 1 }, 422, ['/name']],
    [{ name: 'x', type: 'nope', content: 1 }, 422, ['/type']],
    [{ name: 'x', type: 'prompt' }, 422, ['/content']],
    [{ name: 'x', type: 'prompt', version: '01', content: 1 }, 422, ['/version']],
    [{ name: 'x', type: 'prompt', content: 1, metadata: { tags: [1] } }, 422, ['/metadata/tags/0']],
    [{ name: 'x', type: 'closed', content: 1, usage_policy: 'public' }, 422, ['/usage_policy']],
    [{ name: 'x', type: 'shaped', content: { b: 'no' } }, 422, ['/content/a', '/content/b']],
    ['{"name":"x","type":"prompt","content":{"a":1,"a":2}}', 422, ['/content/a']],
    ['{"name":"x","type":"prompt","content":1e400}', 422, ['/content']],
    ['{"name":"x","type":"prompt","content":1,"__proto__":{}}', 422, ['/__proto__']],
    ['[]', 422, ['']],
  ]
  for (const [body, status, pointers] of cases) {
    const res = await alice.send('POST', '/artifacts', body)
    const problem = (await res.json()) as { errors: { pointer: string }[] }
    expect([res.status, problem.errors.map(({ pointer }) => pointer).sort()], JSON.stringify(body)).toEqual([
      status,
      pointers.sort(),
    ])
    expect(res.headers.get('content-type')).toBe('application/problem+json')
  }
  expect((await alice.send('POST', '/artifacts', '{')).status).toBe(400)
  expect((await alice.send('POST', '/artifacts', new Uint8Array([0x22, 0xff, 0x22]))).status).toBe(400)
  expect((await alice.send('POST', '/artifacts', 'x', { 'content-type': 'text/plain' })).status).toBe(415)
  expect((await alice.send('POST', '/artifacts', '{}', { 'content-encoding': 'gzip' })).status).toBe(415)
  expect((await alice.submit({ name: 'big', type: 'note', content: 'x'.repeat(1024 * 1024 + 1) })).status).toBe(413)
  expect((await alice.submit({ name: 'big', type: 'note', content: 'x'.repeat(1024 * 1024) })).status).toBe(202)
})

test('tokens that do not verify are refused with a problem', async () => {
  const tokens = [
    undefined,
    await api.sign({ sub: 'a', group_id: 'g' }, { secret: 'another secret that is long enough for it' }),
    await api.sign({ sub: 'a', group_id: 'g' }, { expires: 1 }),
    await api.sign({ sub: 'a' }),
    await api.sign({ sub: 'a', group_id: ['g'] }),
    await api.sign({ sub: 'a', group_id: null }),
    await api.sign({ sub: '', group_id: 'g' }),
    await api.sign({ sub: 'system:api', group_id: 'g' }),
    await api.sign({ sub: 'a', group_id: 'g', aud: 'other' }),
    await api.sign({ sub: 'a', group_id: 'g', iss: 'https://issuer.test/' }),
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"a","group_id":"g"}').toString('base64url')}.`,
    'a.b.c',
  ]
  for (const token of tokens) {
    const res = await api.bearer(token).submit({ name: 'x', type: 'prompt', content: 1 })
    expect([res.status, res.headers.get('www-authenticate')?.startsWith('Bearer')], String(token)).toEqual([401, true])
    expect(await res.json()).toMatchObject({ type: 'urn:keepr:problem:unauthenticated', status: 401 })
  }
})

test('a consumer may not submit, nor change what it sees, and is told the rule in the same words', async () => {
  await alice.submit({ name: 'seen', type: 'prompt', content: 1 })
  await api.settleAll()
  const carl = await api.as('acme', 'carl', 'consumer')
  const refused = [
    await carl.submit({ name: 'x', type: 'prompt', content: 1 }),
    await carl.send('PATCH', '/artifacts/seen/1/meta', { metadata: {} }),
    await carl.send('POST', '/artifacts/seen/1/rollback'),
    await carl.send('POST', '/artifacts/cleanup', {}),
  ]
  for (const res of refused)
    expect([res.status, await res.json()]).toMatchObject([
      403,
      { rule: 'writing_needs_an_author', detail: 'Consumers read only; writing needs the role `author`.' },
    ])
})

test('a used version is refused with its hash and id, and another group can use it', async () => {
  const first = await json(await alice.submit({ name: 'taken', type: 'prompt', version: 3, content: 1 }))
  const again = await alice.submit({ name: 'taken', type: 'prompt', version: '3', content: 1 })
  expect([again.status, await again.json()]).toMatchObject([
    409,
    { id: first['id'], content_hash: first['content_hash'], version: '3' },
  ])
  const bob = await api.as('other', 'bob')
  expect((await bob.submit({ name: 'taken', type: 'prompt', version: 3, content: 1 })).status).toBe(202)
})

test('a restricted version that was used is refused without its hash', async () => {
  await alice.submit({ name: 'secret', type: 'prompt', version: 1, content: 1, usage_policy: 'restricted' })
  const amy = await api.as('acme', 'amy')
  const res = await amy.submit({ name: 'secret', type: 'prompt', version: 1, content: 2 })
  const body = await json(res)
  expect(res.status).toBe(409)
  expect(body).not.toHaveProperty('id')
  expect(body).not.toHaveProperty('content_hash')
})

test('numbers and SemVer are not mixed, and bumps count from the highest release', async () => {
  const submit = async (extra: object) =>
    await alice.submit({ name: 'sem', type: 'prompt', content: Math.random().toString(), ...extra })
  expect((await json(await submit({ bump: 'minor' })))['version']).toBe('0.1.0')
  expect((await json(await submit({ bump: 'minor' })))['version']).toBe('0.2.0')
  expect((await json(await submit({ bump: 'major' })))['version']).toBe('1.0.0')
  expect((await json(await submit({})))['version']).toBe('1.0.1')
  expect((await submit({ version: 7 })).status).toBe(422)
})

test('pre-releases and discarded drafts do not move the next version on, whatever else was used does', async () => {
  const submit = async (extra: object) =>
    (await json(await alice.submit({ name: 'next', type: 'semantic', content: Math.random(), ...extra })))['version']
  await submit({ version: '1.0.0-rc.1' })
  expect(await submit({})).toBe('0.1.0')
  await submit({ version: '2.0.0-rc.1' })
  expect(await submit({ draft: true, bump: 'minor' })).toBe('0.2.0')
  expect(await submit({ draft: true })).toBe('0.2.1')
  await alice.send('DELETE', '/artifacts/next/0.2.1?type=semantic')
  expect(await submit({})).toBe('0.2.1')
})

test('the latest published content is not stored twice', async () => {
  const first = await json(await alice.submit({ name: 'same', type: 'prompt', content: { x: 1 } }))
  await api.settleAll()
  const res = await alice.submit({ name: 'same', type: 'prompt', content: { x: 1 } })
  expect([res.status, await res.json()]).toMatchObject([200, { id: first['id'], deduplicated: true }])
  const explicit = await alice.submit({ name: 'same', type: 'prompt', content: { x: 1 }, version: 2 })
  expect([explicit.status, await explicit.json()]).toMatchObject([202, { duplicate_of: first['id'] }])
})

test('what asks for a version, a bump or a draft, or says something else of the same content, is stored', async () => {
  const form = (content_type: string) => {
    const body = new FormData()
    body.set('artifact', JSON.stringify({ name: 'alike', type: 'picture' }))
    body.set('content', new Blob(['same'], { type: content_type }))
    return alice.send('POST', '/artifacts', body)
  }
  await form('image/png')
  await api.settleAll()
  expect([(await form('image/png')).status, (await form('image/gif')).status]).toEqual([200, 202])

  const same = { name: 'alike', type: 'semantic', content: 1, metadata: { a: 1 }, usage_policy: 'internal_only' }
  await alice.submit(same)
  await api.settleAll()
  const { metadata: _metadata, usage_policy: _policy, ...content } = same
  const answers: [object, number][] = [
    [same, 200],
    [content, 200],
    [{ ...same, metadata: {} }, 202],
    [{ ...same, usage_policy: 'public' }, 202],
    [{ ...same, bump: 'minor' }, 202],
    [{ ...same, version: '7.0.0' }, 202],
    [{ ...same, draft: true }, 201],
  ]
  for (const [body, status] of answers)
    expect((await alice.submit({ ...body })).status, JSON.stringify(body)).toBe(status)
})

test('twenty submissions of one version at once: one wins', async () => {
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, n) => alice.submit({ name: 'race', type: 'prompt', version: 1, content: n })),
  )
  expect(all.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, ...Array.from({ length: 19 }, () => 409)])
})

test('twenty submissions without a version at once: twenty versions, and a gapless sequence', async () => {
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, n) => alice.submit({ name: 'many', type: 'prompt', content: n })),
  )
  const versions = await Promise.all(all.map(async (res) => Number((await json(res))['version'])))
  expect(versions.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1))
  const events = await api.database
    .admin`select sequence::int from artifact_events where name = 'many' order by sequence`
  expect(events.map(({ sequence }) => sequence as number)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1))
})

test('a repeated Idempotency-Key gives the first answer, another body is refused', async () => {
  const key = { 'idempotency-key': 'k1' }
  const first = await alice.submit({ name: 'idem', type: 'prompt', content: 1 }, key)
  const again = await alice.submit({ name: 'idem', type: 'prompt', content: 1 }, key)
  expect([again.status, again.headers.get('idempotent-replayed'), await again.text()]).toEqual([
    202,
    'true',
    await first.text(),
  ])
  expect((await alice.submit({ name: 'idem', type: 'prompt', content: 2 }, key)).status).toBe(422)
  const amy = await api.as('acme', 'amy')
  expect(
    (await amy.submit({ name: 'idem', type: 'prompt', content: 1 }, key)).headers.get('idempotent-replayed'),
  ).toBeNull()
  const refused = await alice.submit({ name: 'idem', type: 'nope', content: 1 }, { 'idempotency-key': 'k2' })
  const refusedAgain = await alice.submit({ name: 'idem', type: 'nope', content: 1 }, { 'idempotency-key': 'k2' })
  expect([refused.status, refusedAgain.status, refusedAgain.headers.get('idempotent-replayed')]).toEqual([
    422,
    422,
    'true',
  ])
  expect(await refusedAgain.text()).toBe(await refused.text())
})

test('one key sent many times at once has one effect', async () => {
  const all = await Promise.all(
    Array.from({ length: 10 }, () =>
      alice.submit({ name: 'once', type: 'prompt', content: 1 }, { 'idempotency-key': 'many' }),
    ),
  )
  expect(all.every(({ status }) => status === 202 || status === 409)).toBe(true)
  const rows = await api.database.admin`select 1 from artifact_active where name = 'once'`
  expect(rows).toHaveLength(1)
})

test('Prefer: wait answers with the verdict', async () => {
  const answer = alice.submit({ name: 'waited', type: 'prompt', content: 1 }, { prefer: 'wait=10' })
  await waitFor(
    async () => (await api.database.admin`select 1 from artifact_active where name = 'waited'`).length,
    'the submission',
  )
  await api.settleAll()
  const res = await answer
  expect([res.status, await res.json()]).toMatchObject([201, { status: 'published', usable: true }])
})

test('Prefer: wait answers what has become of a run that ends without a verdict', async () => {
  const answer = alice.submit({ name: 'held', type: 'checked', content: 1 }, { prefer: 'wait=100000000000' })
  const held = () => api.database.admin`
    update validation_runs r set state = 'held', reason = 'validator_unavailable'
      from artifact_active a where a.name = 'held' and r.id = a.validation_run_id and r.awaited
    returning pg_notify('keepr_verdict', r.id::text)`
  await waitFor(async () => (await held()).length, 'the submission')
  const res = await answer
  expect([res.status, await res.json()]).toMatchObject([202, { validation: { state: 'held' } }])
  expect(res.headers.get('etag')).toBe((await alice.get('/artifacts/held/1')).headers.get('etag'))
})

test('nobody waits for longer than half a minute', async () => {
  const { verdicts } = api.ctx
  const asked: number[] = []
  api.ctx.verdicts = { ...verdicts, wait: (_run, waitMs) => Promise.resolve(void asked.push(waitMs)) }
  for (const prefer of ['wait=20', 'wait=31', 'respond-async, wait=999'])
    expect((await alice.submit({ name: 'patient', type: 'prompt', content: prefer }, { prefer })).status).toBe(202)
  api.ctx.verdicts = verdicts
  expect(asked).toEqual([20_000, 30_000, 30_000])
})

test('who waits listens before the run begins, so that no verdict is missed', async () => {
  const story: string[] = []
  const watched = await startApi({}, (database) => {
    const db = database.connectAs('keepr_api')
    return {
      ...db,
      listen: async (channel, onMessage) => {
        const listening = await db.listen(channel, onMessage)
        if (channel === verdictChannel) story.push('listens')
        return listening
      },
      writeTogether: (...asked) => {
        story.push('submits')
        return db.writeTogether(...asked)
      },
    }
  })
  const bob = await watched.as('acme', 'bob')
  await bob.submit({ name: 'first', type: 'prompt', content: 1 }, { prefer: 'wait=1' })
  expect(story).toEqual(['listens', 'submits'])
  await watched[Symbol.asyncDispose]()
})

test.each([
  ['fails', () => Promise.reject(new Error('no connection is left'))],
  ['hangs', () => new Promise<never>(() => {})],
])('where listening for verdicts %s, a submission is accepted and not waited for', async (_, listen) => {
  const deaf = await startApi({}, (database) => ({ ...database.connectAs('keepr_api'), listen }))
  const bob = await deaf.as('acme', 'bob')
  const res = await bob.submit({ name: 'unheard', type: 'prompt', content: 1 }, { prefer: 'wait=30' })
  expect([res.status, await res.json()]).toMatchObject([202, { status: 'on_verification' }])
  await deaf[Symbol.asyncDispose]()
})

test('what waits for a verdict counts however it came to wait: a draft or what was blocked waits for room too', async () => {
  const limited = await startApi({ MAX_PENDING: '1' })
  const bob = await limited.as('acme', 'bob')
  const submitted = async (name: string, more = {}) =>
    (await bob.submit({ name, type: 'note', content: 'x', ...more })).status
  const move = async (name: string, verb: string) =>
    (await bob.send('POST', `/artifacts/${name}/1/${verb}?type=note`)).status
  expect([await submitted('blocked'), await move('blocked', 'cancel')]).toEqual([202, 200])
  expect([await submitted('draft', { draft: true }), await submitted('waits')]).toEqual([201, 202])
  expect([await move('draft', 'submit'), await move('blocked', 'revalidate')]).toEqual([429, 429])
  expect([await move('waits', 'cancel'), await move('draft', 'submit')]).toEqual([200, 202])
  expect([await move('draft', 'cancel'), await move('blocked', 'revalidate')]).toEqual([200, 202])
  await limited[Symbol.asyncDispose]()
})

test('limits of a group are kept where they are configured', async () => {
  const limited = await startApi({
    MAX_PENDING: '1',
    MAX_STORED_BYTES: '100',
    MAX_CONCURRENT_UPLOAD_BYTES: '1000',
    RATE_PER_USER: '6',
  })
  const bob = await limited.as('acme', 'bob')
  expect((await bob.submit({ name: 'a', type: 'note', content: 'x' })).status).toBe(202)
  const pending = await bob.submit({ name: 'b', type: 'note', content: 'x' })
  expect([pending.status, pending.headers.has('retry-after'), pending.headers.has('ratelimit')]).toEqual([
    429,
    true,
    true,
  ])
  expect((await bob.submit({ name: 'c', type: 'note', content: 'x'.repeat(100), draft: true })).status).toBe(429)
  expect((await bob.submit({ name: 'd', type: 'note', content: 'x'.repeat(1000), draft: true })).status).toBe(413)
  expect((await bob.submit({ name: 'e', type: 'note', content: 'x', draft: true })).status).toBe(201)
  await bob.get('/types')
  const limitedRes = await bob.get('/types')
  expect([limitedRes.status, ((await limitedRes.json()) as { type: string }).type]).toEqual([
    429,
    'urn:keepr:problem:rate-limited',
  ])
  await limited[Symbol.asyncDispose]()
})
