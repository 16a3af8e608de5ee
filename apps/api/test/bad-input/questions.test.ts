import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BadApi, type Row, startBadApi } from './bad-api.ts'

let bad: BadApi
beforeAll(async () => {
  bad = await startBadApi()
})
afterAll(() => bad[Symbol.asyncDispose]())

const q = (query: string, path = '/artifacts') => ({ path: `${path}?${query}` })
const schema = { status: 422, code: 'validation-error' } as const
const gone = { status: 404, code: 'not-found' } as const
const greeting = '/artifacts/greeting/1'

const rows: Row[] = [
  ...[
    '../x',
    'a%2Fb',
    'a%0Ab',
    '%E2%80%AE',
    '%D0%B0',
    '.a',
    'x'.repeat(129),
    'by-id',
    'cleanup',
    "'%20or%201=1--",
    '%F0%9F%92%A5',
  ].map((name): Row => ({
    row: 39,
    what: `a name in the path: ${name.slice(0, 20)}`,
    send: { path: `/artifacts/${name}/1` },
    ...gone,
  })),
  ...['0', '-1', '1.5', '01', '2147483648', '1.0', '%00', 'latest', "1'--", '9'.repeat(500)].map((version): Row => ({
    row: 40,
    what: `a version in the path: ${version.slice(0, 20)}`,
    send: { path: `/artifacts/greeting/${version}` },
    ...gone,
  })),
  ...['POST /artifacts/NAME/1/submit', 'POST /artifacts/greeting/NAME/cancel', 'DELETE /artifacts/NAME/1'].map(
    (request): Row => {
      const [method = '', path = ''] = request.replace('NAME', randomBytes(2000).toString('hex')).split(' ')
      const headers = { 'idempotency-key': 'x'.repeat(255) }
      return { row: 39, what: `${request}, very long, with a key`, send: { method, path, headers }, ...gone }
    },
  ),
  ...[
    'x',
    '00000000-0000-0000-0000-000000000000',
    '{019ab1de-7c00-7000-8000-000000000001}',
    '%00',
    '019ab1de7c0070008000000000000001',
    "'",
  ].map((id): Row => ({ row: 41, what: `the id ${id}`, send: { path: `/artifacts/by-id/${id}` }, ...gone })),
  ...['q=caf%E9', 'tag=%C3%28', 'category=%ff', 'name=%ED%A0%80', 'type=%EF%BF%BD%80'].map((query): Row => ({
    row: 26,
    what: `${query}, which is no UTF-8`,
    send: q(query),
    status: 400,
    code: 'malformed-request',
  })),
  ...[
    'limit=-1',
    'limit=0',
    'limit=201',
    'limit=1e9',
    'limit=NaN',
    'limit=10;drop',
    'limit=',
    'limit=1&limit=2',
    'limit[]=1',
    'limit=%201',
    'sort=id',
    'scope=all',
    'status=gone',
    'usage_policy=',
    'colour=red',
    'type=a&type=b',
    'content_hash=ABC',
    'constructor=1',
    '__proto__=1',
    'q=',
    `q=${'x'.repeat(257)}`,
    'name=%00',
    'tag=%00',
    'category=',
  ].map((query): Row => ({ row: 43, what: query.slice(0, 30), send: q(query), ...schema })),
  ...[
    'cursor=x',
    'cursor=',
    `cursor=${Buffer.from('["x","y"]').toString('base64url')}`,
    'cursor=%00',
    `cursor=${'A'.repeat(3000)}`,
  ].map((query): Row => ({ row: 44, what: query.slice(0, 30), send: q(query), ...schema })),
  { row: 44, what: 'a place in the feed that is none', send: q('after=x', '/events'), ...schema },
  { row: 44, what: 'a place in the feed below nothing', send: q('after=-1', '/events'), ...schema },
  {
    row: 46,
    what: 'a thousand terms',
    send: q(Array.from({ length: 400 }, (_, n) => `tag=t${n}`).join('&')),
    ...schema,
  },
  { row: 46, what: 'a range that no range is', send: q('version=not+a+range', '/artifacts/greeting'), ...schema },
  { row: 46, what: 'a range of 7 KB', send: q(`version=${'1||'.repeat(2300)}1`, '/artifacts/greeting'), ...schema },
  { row: 48, what: 'a diff with nothing to compare', send: { path: '/artifacts/greeting/diff' }, ...schema },
  {
    row: 48,
    what: 'a diff from a version that is none',
    send: q('from=x&to=1', '/artifacts/greeting/diff'),
    ...schema,
  },
  ...[
    '2024-99-99',
    '9999-99-99T00:00:00Z',
    '2024-02-30T00:00:00Z',
    '2024-06-30T23:58:60Z',
    '2024-06-30T23:59:60+01:00',
    '2024-06-31T23:59:60Z',
    '2024-06-30T23:59:60.5Z',
    '300000-01-01T00:00:00Z',
    '2024-01-01T00:00:00',
    'yesterday',
    '1700000000',
    '2024-01-01T25:00:00Z',
    '2024-01-01T00:00:00+99:99',
    '0000-01-01T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2024-01-01T00:00:00+16:00',
  ].map((time): Row => ({
    row: 104,
    what: `since ${time}`,
    send: q(`created_after=${encodeURIComponent(time)}`),
    ...schema,
  })),
  {
    row: 51,
    what: 'a stale ETag',
    send: {
      method: 'PATCH',
      path: `${greeting}/meta`,
      body: '{"metadata":{"a":1}}',
      headers: { 'if-match': '"stale"' },
    },
    status: 412,
    code: 'precondition-failed',
  },
  {
    row: 51,
    what: 'a weak ETag',
    send: { method: 'PATCH', path: `${greeting}/meta`, body: '{"metadata":{"a":1}}', headers: { 'if-match': 'W/"x"' } },
    status: 412,
    code: 'precondition-failed',
  },
  {
    row: 51,
    what: 'an ETag that is none',
    send: { method: 'PATCH', path: `${greeting}/meta`, body: '{"metadata":{"a":1}}', headers: { 'if-match': 'x' } },
    status: 412,
    code: 'precondition-failed',
  },
  {
    row: 51,
    what: '* on what does not exist',
    send: {
      method: 'PATCH',
      path: '/artifacts/nothing/1/meta',
      body: '{"metadata":{"a":1}}',
      headers: { 'if-match': '*' },
    },
    ...gone,
  },
  ...['', ' ', 'x'.repeat(256), 'é', '\u0001'].map((key): Row => ({
    row: 56,
    what: `the key ${JSON.stringify(key.slice(0, 9))}`,
    send: { method: 'POST', body: '{"name":"k","type":"prompt","content":1}', headers: { 'idempotency-key': key } },
    status: 400,
    code: 'malformed-request',
  })),
  {
    row: 56,
    what: 'two keys',
    send: {
      raw: 'POST /artifacts HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\nContent-Type: application/json\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: 39\r\n\r\n{"name":"k","type":"prompt","content":1}'.replace(
        '39',
        '40',
      ),
    },
    status: 400,
    code: 'malformed-request',
  },
  {
    row: 59,
    what: 'rolling back a draft',
    send: { method: 'POST', path: '/artifacts/sketch/1/rollback' },
    status: 409,
    code: 'not-latest',
  },
  {
    row: 60,
    what: 'rolling back to what never was',
    send: { method: 'POST', path: `${greeting}/rollback`, body: '{"to_version":77}' },
    status: 409,
    code: 'not-restorable',
  },
  {
    row: 60,
    what: 'rolling back the only version',
    send: { method: 'POST', path: `${greeting}/rollback` },
    status: 409,
    code: 'no-prior-version',
  },
  {
    row: 61,
    what: 'the same version again, equal',
    send: { method: 'POST', body: '{"name":"greeting","type":"prompt","version":1,"content":{"text":"hello"}}' },
    status: 409,
    code: 'version-exists',
  },
  {
    row: 61,
    what: 'the same version again, other content',
    send: { method: 'POST', body: '{"name":"greeting","type":"prompt","version":1,"content":2}' },
    status: 409,
    code: 'version-exists',
  },
  {
    row: 61,
    what: 'submitting what is published',
    send: { method: 'POST', path: `${greeting}/submit` },
    status: 409,
    code: 'wrong-status',
  },
  {
    row: 61,
    what: 'discarding what is published',
    send: { method: 'DELETE', path: greeting },
    status: 409,
    code: 'wrong-status',
  },
  {
    row: 61,
    what: 'restoring what is published',
    send: { method: 'POST', path: `${greeting}/restore` },
    status: 403,
    code: 'forbidden',
  },
  { row: 65, what: 'no token', send: { headers: { authorization: null } }, status: 401, code: 'unauthenticated' },
  ...[
    'Basic YTpi',
    'Bearer',
    'Bearer ',
    'Bearer a.b',
    'Bearer a.b.c.d.e',
    'Bearer ..',
    'bearer',
    'Token {token}',
    'Bearer {token} {token}',
    'Bearer {token},x',
    'Bearer "{token}"',
  ].map((authorization): Row => ({
    row: authorization.includes('.d.') ? 81 : 66,
    what: authorization,
    send: { headers: { authorization } },
    status: 401,
    code: 'unauthenticated',
  })),
  {
    row: 66,
    what: 'two tokens',
    send: {
      raw: 'GET /artifacts HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\n\r\n',
    },
    status: 401,
    code: 'unauthenticated',
  },
  {
    row: 66,
    what: 'a token in the query',
    send: { path: '/artifacts?access_token={token}', headers: { authorization: null } },
    status: 401,
    code: 'unauthenticated',
  },
  {
    row: 80,
    what: 'a token of 100 KB',
    send: { headers: { authorization: `Bearer a.${'b'.repeat(100_000)}.c` } },
    status: 431,
    code: 'headers-too-large',
  },
  {
    row: 84,
    what: 'archiving as an author of it is allowed, restoring is not',
    send: { method: 'POST', path: `${greeting}/restore` },
    status: 403,
    code: 'forbidden',
  },
  {
    row: 85,
    what: 'a re-validation by an author',
    send: { method: 'POST', path: '/rechecks', body: '{"type":"prompt"}' },
    status: 403,
    code: 'forbidden',
  },
  { row: 87, what: 'another group in the query', send: q('group_id=b'), ...schema },
]

describe('refused for what is asked', () => {
  test.for(rows)('$row: $what → $status', async (row) => {
    const answer = await bad.refuses(row)
    if (row.status === 401) expect(answer.headers['www-authenticate']).toMatch(/^Bearer /u)
  })
})

describe('row 45: what looks like a pattern or SQL is taken literally', () => {
  test.for(["' or 1=1--", '%', '_', '\\', 'gree%', '*', "');drop table artifact_active;--", '${7*7}', '(a+)+$'])(
    '%s',
    async (text) => {
      for (const parameter of ['name', 'category', 'tag', 'q']) {
        if (parameter === 'name' && text === '*') continue // every name, as documented
        const answer = await bad.send(q(`${parameter}=${encodeURIComponent(text)}`))
        expect([parameter, answer.status, answer.text]).toEqual([parameter, 200, '{"items":[],"next_cursor":null}'])
      }
    },
  )
})

test('26: U+FFFD itself is searched for like any character', async () => {
  const answer = await bad.send(q('q=%EF%BF%BD%C3%A9&tag=100%'))
  expect([answer.status, answer.text]).toEqual([200, '{"items":[],"next_cursor":null}'])
})

test('53, 54: one key, many at once: one effect, and the rest is told to wait or told the same', async () => {
  const body = '{"name":"once","type":"prompt","content":1}'
  const asked = { method: 'POST', body, headers: { 'idempotency-key': 'once' } }
  const answers = await Promise.all(Array.from({ length: 50 }, () => bad.send(asked)))
  const fresh = answers.filter(({ status, headers }) => status === 202 && headers['idempotent-replayed'] === undefined)
  expect(fresh).toHaveLength(1)
  for (const { status, headers } of answers) {
    expect([202, 409]).toContain(status)
    if (status === 409) expect(headers['retry-after']).toMatch(/^\d+$/u)
  }
  const rows = await bad.api.database.admin`select 1 from artifact_active where name = 'once'`
  expect(rows).toHaveLength(1)
  const other = { ...asked, body: body.replace('1}', '2}') }
  await bad.refuses({ row: 53, what: 'another body', send: other, status: 422, code: 'idempotency-key-reused' })
})

test('55, 90: a key and a cursor of one group mean nothing in another', async () => {
  const asked = {
    method: 'POST',
    body: '{"name":"mine","type":"prompt","content":1}',
    headers: { 'idempotency-key': 'shared' },
  }
  const first = await bad.send(asked)
  const eve = `Bearer ${await bad.api.sign({ sub: 'alice', group_id: 'evil', roles: ['author'] })}`
  const second = await bad.send({ ...asked, headers: { ...asked.headers, authorization: eve } })
  expect([first.status, second.status]).toEqual([202, 202])
  expect(JSON.parse(first.text)['id']).not.toBe(JSON.parse(second.text)['id'])
  const page = JSON.parse((await bad.send(q('limit=1'))).text) as { next_cursor: string } // SAFETY: a page of a list.
  const stolen = { ...q(`limit=1&cursor=${page.next_cursor}`), headers: { authorization: eve } }
  await bad.refuses({ row: 90, what: 'a cursor of another group', send: stolen, ...schema })
})

test('64: a hundred submissions at once take a hundred versions without a gap', async () => {
  const send = (n: number) =>
    bad.send({ method: 'POST', body: JSON.stringify({ name: 'crowd', type: 'prompt', content: n }) })
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => send(n)))
  const versions = answers.map(({ text }) => Number(JSON.parse(text)['version'])).toSorted((a, b) => a - b)
  expect(versions).toEqual(Array.from({ length: 100 }, (_, n) => n + 1))
})

test('87: headers that claim an identity are not read', async () => {
  const answer = await bad.send({
    path: '/artifacts/greeting',
    headers: { 'x-group-id': 'evil', 'x-user-id': 'eve', 'x-roles': 'admin' },
  })
  expect([answer.status, JSON.parse(answer.text)['group_id']]).toEqual([200, 'acme'])
})

test('34: U+0000 is no part of any parameter, also of those that are only compared', async () => {
  const root = `Bearer ${await bad.api.sign({ sub: 'root', group_id: 'acme', roles: ['admin'] })}`
  for (const query of ['subscriber=%00', 'event=%00', 'status=%00', 'cursor=%00', '%00=1']) {
    const send = { ...q(query, '/webhooks/deliveries'), headers: { authorization: root } }
    await bad.refuses({ row: 34, what: query, send, ...schema })
  }
})
