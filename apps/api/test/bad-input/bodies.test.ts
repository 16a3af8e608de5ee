import { hash, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BadApi, type Row, startBadApi } from './bad-api.ts'

let bad: BadApi
beforeAll(async () => {
  bad = await startBadApi()
})
afterAll(() => bad[Symbol.asyncDispose]())

const post = (body: string | Buffer, headers: Record<string, string | null> = {}) => ({ method: 'POST', body, headers })
/** A submission that would be accepted, with something in place of its parts. */
const submission = (more: Record<string, unknown>) =>
  post(JSON.stringify({ name: 'fresh', type: 'prompt', content: {}, ...more }))
const content = (json: string) => post(`{"name":"fresh","type":"prompt","content":${json}}`)
const metadata = (json: string) => post(`{"name":"fresh","type":"prompt","content":1,"metadata":${json}}`)
const bytes = (hex: string) =>
  Buffer.concat([
    Buffer.from('{"name":"fresh","type":"prompt","content":"'),
    Buffer.from(hex, 'hex'),
    Buffer.from('"}'),
  ])
const schema = { status: 422, code: 'validation-error' } as const
const syntax = { status: 400, code: 'malformed-json' } as const
const media = { status: 415, code: 'unsupported-media-type' } as const

const digest = { status: 400, code: 'digest-mismatch' } as const
const sha256 = (body: string) => hash('sha256', body, 'base64')
const withDigest = (field: string, body = '{}') => post(body, { 'content-digest': field })

const form = (parts: string, boundary = 'xx') =>
  post(parts.replaceAll('\n', '\r\n'), { 'content-type': `multipart/form-data; boundary=${boundary}` })
const artifactPart =
  '--xx\nContent-Disposition: form-data; name="artifact"\nContent-Type: application/json\n\n{"name":"fresh","type":"blob"}\n'
const contentPart = '--xx\nContent-Disposition: form-data; name="content"; filename="x"\n\nbytes\n'
const parts = { status: 400, code: 'malformed-multipart' } as const

const rows: Row[] = [
  { row: 17, what: 'no body', send: { method: 'POST', headers: { 'content-type': 'application/json' } }, ...syntax },
  { row: 17, what: 'an empty body', send: post(''), ...syntax },
  { row: 19, what: 'a compressed body', send: post(gzipSync('{}'), { 'content-encoding': 'gzip' }), ...media },
  { row: 19, what: 'compressed twice', send: post('{}', { 'content-encoding': 'identity, br' }), ...media },
  {
    row: 20,
    what: 'a small body that inflates to 100 MB',
    send: post(gzipSync(Buffer.alloc(100 * 1024 * 1024)), { 'content-encoding': 'gzip' }),
    ...media,
  },
  { row: 21, what: 'no Content-Type', send: post('{}', { 'content-type': null }), ...media },
  { row: 21, what: 'text/plain', send: post('{}', { 'content-type': 'text/plain' }), ...media },
  { row: 21, what: 'a form', send: post('a=b', { 'content-type': 'application/x-www-form-urlencoded' }), ...media },
  { row: 21, what: 'a Content-Type that is none', send: post('{}', { 'content-type': ';;;' }), ...media },
  {
    row: 22,
    what: 'JSON in UTF-16',
    send: post(Buffer.from('{}', 'utf16le'), { 'content-type': 'application/json; charset=utf-16' }),
    ...media,
  },
  {
    row: 23,
    what: 'Accept: image/png',
    send: { headers: { accept: 'image/png' } },
    status: 406,
    code: 'not-acceptable',
  },
  {
    row: 23,
    what: 'JSON with a weight of 0',
    send: { headers: { accept: 'application/json;q=0' } },
    status: 406,
    code: 'not-acceptable',
  },
  ...[
    '{',
    '{"a":1,}',
    '[1,]',
    '{"a":NaN}',
    '{"a":Infinity}',
    '/* */{}',
    "{'a':1}",
    '{a:1}',
    '{"a":01}',
    '{"a":.5}',
    '{"a":+1}',
    '{"a":"\t"}',
    '{"a":"\\x"}',
    '{} {}',
    'undefined',
    '{"a":tru}',
    '"',
    '\u00a0{}',
  ].map((body): Row => ({ row: 24, what: JSON.stringify(body), send: post(body), ...syntax })),
  { row: 25, what: 'a byte order mark', send: post('\ufeff{}'), ...syntax },
  ...['ff', 'c0af', 'eda080', 'f4908080', 'c3', '80', 'e28228'].map((hex): Row => ({
    row: 26,
    what: `bytes that are not UTF-8: ${hex}`,
    send: post(bytes(hex)),
    ...syntax,
  })),
  {
    row: 27,
    what: 'a field that is given twice',
    send: post('{"name":"a","name":"b","type":"prompt","content":1}'),
    ...schema,
  },
  {
    row: 27,
    what: 'a key of the content that is given twice, once escaped',
    send: content('{"a":1,"\\u0061":2}'),
    ...schema,
  },
  {
    row: 28,
    what: '__proto__',
    send: post('{"name":"fresh","type":"prompt","content":1,"__proto__":{"draft":true}}'),
    ...schema,
  },
  {
    row: 28,
    what: 'constructor',
    send: post('{"name":"fresh","type":"prompt","content":1,"constructor":{"prototype":{}}}'),
    ...schema,
  },
  { row: 29, what: '100000 levels', send: content(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), ...schema },
  { row: 29, what: '65 levels', send: content(`${'['.repeat(65)}${']'.repeat(65)}`), ...schema },
  { row: 29, what: '100000 levels that do not end', send: content('{"a":'.repeat(100_000)), ...schema },
  { row: 29, what: 'deep metadata', send: metadata(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`), ...schema },
  {
    row: 30,
    what: 'a million elements',
    send: content(`[${'1,'.repeat(1_000_000)}1]`),
    ...schema,
  },
  { row: 31, what: 'a number of 80 KB', send: content(`1.${'0'.repeat(80_000)}1`), ...schema },
  { row: 31, what: 'an exponent of 80 KB', send: content(`1e-${'9'.repeat(80_000)}`), ...schema },
  { row: 31, what: 'an integer that a double does not hold', send: content('12345678901234567890'), ...schema },
  {
    row: 31,
    what: 'a fraction with more digits than a double has',
    send: content('0.12345678901234567890123'),
    ...schema,
  },
  { row: 32, what: '1e400', send: content('1e400'), ...schema },
  { row: 32, what: '1e200000 in metadata', send: metadata('{"a":1e200000}'), ...schema },
  { row: 32, what: 'a number too small to be one', send: content('1e-400'), ...schema },
  { row: 34, what: 'U+0000 in content', send: content('"\\u0000"'), ...schema },
  { row: 34, what: 'U+0000 in a key', send: metadata('{"a\\u0000":1}'), ...schema },
  { row: 34, what: 'U+0000 in a type', send: submission({ type: 'prompt\u0000' }), ...schema },
  { row: 35, what: 'half of a surrogate pair', send: content('"\\ud800"'), ...schema },
  { row: 35, what: 'the other half, in a key', send: metadata('{"\\udc00":1}'), ...schema },
  ...['null', '[]', '"x"', '1', 'true'].map((body): Row => ({
    row: 36,
    what: `${body} as a body`,
    send: post(body),
    ...schema,
  })),
  { row: 37, what: 'a field that nobody knows', send: submission({ colour: 'red' }), ...schema },
  {
    row: 38,
    what: 'wrong types',
    send: submission({ name: 1, metadata: [], usage_policy: {}, draft: 'yes' }),
    ...schema,
  },
  { row: 38, what: 'nothing that is needed', send: post('{}'), ...schema },
  { row: 38, what: 'tags that are no strings', send: submission({ metadata: { tags: [1] } }), ...schema },
  {
    row: 38,
    what: 'more tags than may be',
    send: submission({ metadata: { tags: Array.from({ length: 65 }, String) } }),
    ...schema,
  },
  { row: 38, what: 'metadata beyond 64 kB', send: submission({ metadata: { a: 'x'.repeat(70_000) } }), ...schema },
  { row: 38, what: 'a type that nobody configured', send: submission({ type: 'nothing' }), ...schema },
  { row: 38, what: 'a type named as what every object has', send: submission({ type: '__proto__' }), ...schema },
  { row: 38, what: 'both content and content_base64', send: submission({ content_base64: 'AA==' }), ...schema },
  {
    row: 38,
    what: 'base64 that is none',
    send: submission({ type: 'blob', content: undefined, content_base64: '*' }),
    ...schema,
  },
  ...[
    '',
    'x'.repeat(129),
    '../x',
    'a/b',
    'a\u0007',
    'a\u202eb',
    'аpple',
    '.a',
    'a ',
    ' a',
    'é',
    'e\u0301',
    'by-id',
    'cleanup',
    '-a',
    'a\n',
    '%2e',
    '💥',
  ].map((name): Row => ({
    row: 39,
    what: `the name ${JSON.stringify(name.slice(0, 20))}`,
    send: submission({ name }),
    ...schema,
  })),
  ...[
    0,
    -1,
    1.5,
    '',
    '01',
    '2147483648',
    2147483648,
    '1.2',
    '1.2.3.4',
    'v1.0.0',
    '1.0.0+build',
    `1.0.0-${'a'.repeat(64)}`,
    '1.0.0-01',
    '9007199254740992.0.0',
    null,
    {},
    [1],
    true,
    '1 ',
    '١',
  ].map((version): Row => ({
    row: 40,
    what: `the version ${JSON.stringify(version)?.slice(0, 30)}`,
    send: submission({ version }),
    ...schema,
  })),
  {
    row: 40,
    what: 'a version that does not fit the type',
    send: submission({ type: 'numbered', version: '1.0.0' }),
    ...schema,
  },
  ...[
    'status',
    'group_id',
    'created_by',
    'user_id',
    'id',
    'content_hash',
    'verdict',
    'published_at',
    'sequence',
    'purged_at',
  ].map((field): Row => ({
    row: 42,
    what: `${field} in the body`,
    send: submission({ [field]: 'published' }),
    ...schema,
  })),
  {
    row: 42,
    what: 'status in a patch',
    send: { method: 'PATCH', path: '/artifacts/greeting/1/meta', body: '{"status":"blocked"}' },
    ...schema,
  },
  {
    row: 42,
    what: 'created_by in a draft',
    send: { method: 'PUT', path: '/artifacts/sketch/1', body: '{"content":1,"created_by":"bob"}' },
    ...schema,
  },
  {
    row: 42,
    what: 'a group in a rollback',
    send: { method: 'POST', path: '/artifacts/greeting/1/rollback', body: '{"group_id":"b"}' },
    ...schema,
  },
  {
    row: 46,
    what: 'a category that no index entry holds',
    send: submission({ metadata: { category: randomBytes(1500).toString('hex') } }),
    ...schema,
  },
  {
    row: 46,
    what: 'such a category in a patch',
    send: {
      method: 'PATCH',
      path: '/artifacts/greeting/1/meta',
      body: JSON.stringify({ metadata: { category: randomBytes(1500).toString('hex') } }),
    },
    ...schema,
  },
  { row: 47, what: 'the digest of another body', send: withDigest(`sha-256=:${sha256('x')}:`), ...digest },
  {
    row: 47,
    what: 'a multipart body with the digest of another one',
    send: {
      ...form(`${artifactPart}${contentPart}--xx--\n`),
      headers: { 'content-type': 'multipart/form-data; boundary=xx', 'content-digest': `sha-256=:${sha256('x')}:` },
    },
    ...digest,
  },
  ...['sha-256', 'sha-256=abc', `sha-256=:${sha256('{}')}`, 'sha-256=:!:', '', 'md5=:mZFLkyvTelC5g8XnyQrpOw==:'].map(
    (field): Row => ({
      row: 48,
      what: `the digest ${field.slice(0, 20)}`,
      send: withDigest(field),
      status: 400,
      code: 'malformed-request',
    }),
  ),
  {
    row: 49,
    what: 'two digests of which one is wrong',
    send: withDigest(`sha-256=:${sha256('{}')}:, sha-512=:${sha256('{}')}:`),
    ...digest,
  },
  { row: 57, what: 'no boundary', send: post('--xx--', { 'content-type': 'multipart/form-data' }), ...parts },
  {
    row: 57,
    what: 'parts that do not end',
    send: form(`${artifactPart}--xx\nContent-Disposition: form-data; name="content"\n\nbyt`),
    ...parts,
  },
  { row: 57, what: 'no parts', send: form('--xx--\n'), ...parts },
  { row: 57, what: 'nothing of a form', send: form('nothing'), ...parts },
  { row: 57, what: 'one part only', send: form(`${artifactPart}--xx--\n`), ...parts },
  {
    row: 57,
    what: 'ten thousand parts',
    send: form(`${contentPart.replace('content', 'more').repeat(10_000)}--xx--\n`),
    ...parts,
  },
  {
    row: 57,
    what: 'a part header of 64 KB',
    send: form(`--xx\nContent-Disposition: form-data; name="${'a'.repeat(65_536)}"\n\n1\n--xx--\n`),
    ...parts,
  },
  { row: 57, what: 'another boundary', send: form(`${artifactPart}${contentPart}--xx--\n`, 'yy'), ...parts },
  { row: 57, what: 'no name for a part', send: form(`--xx\nContent-Type: text/plain\n\n1\n--xx--\n`), ...parts },
  {
    row: 57,
    what: 'JSON that is none in the artifact part',
    send: form(`${artifactPart.replace('{', '[')}${contentPart}--xx--\n`),
    ...syntax,
  },
  {
    row: 57,
    what: 'an identity in the artifact part',
    send: form(`${artifactPart.replace('{', '{"status":"published",')}${contentPart}--xx--\n`),
    ...schema,
  },
  {
    row: 58,
    what: 'a part that is given twice',
    send: form(`${artifactPart}${contentPart}${contentPart}--xx--\n`),
    ...parts,
  },
  {
    row: 58,
    what: 'a part that nobody knows',
    send: form(`${artifactPart}${contentPart}${contentPart.replace('content', 'extra')}--xx--\n`),
    ...parts,
  },
]

describe('refused for its body', () => {
  test.for(rows)('$row: $what → $status', async (row) => {
    const answer = await bad.refuses(row)
    if (row.status === 422) {
      // One entry for each offence, each with its place, and nothing of what was sent but names.
      const { errors } = JSON.parse(answer.text) as { errors: { pointer: string; detail: string }[] } // SAFETY: the test fails if not.
      expect(errors.length).toBeGreaterThan(0)
      for (const { pointer, detail } of errors)
        expect([pointer, detail]).toEqual([expect.stringMatching(/^(\/|$)/u), expect.any(String)])
    }
  })
})

test('18: content of exactly the limit is taken, one byte more is not', async () => {
  const limit = 1024 * 1024
  const text = (size: number) => JSON.stringify({ name: `limit-${size}`, type: 'note', content: 'x'.repeat(size) })
  expect((await bad.send(post(text(limit)))).status).toBe(202)
  await bad.refuses({ row: 18, what: 'one more', send: post(text(limit + 1)), status: 413, code: 'payload-too-large' })
})

test('18: ten million characters of base64 in JSON are taken like any', async () => {
  const text = JSON.stringify({ name: 'long', type: 'blob', content_base64: 'QUJD'.repeat(2_500_000) })
  expect((await bad.send(post(text))).status).toBe(202)
})

test('33: -0 is refused, since RFC 8785 would make it 0; 1.0 is 1', async () => {
  const body = (json: string) => post(`{"name":"zero","type":"prompt","content":${json},"version":1}`)
  await bad.refuses({ row: 33, what: '-0', send: body('[-0]'), ...schema })
  expect((await bad.send(body('[1.0,1e2]'))).status).toBe(202)
  await bad.api.settleAll()
  expect((await bad.send({ path: '/artifacts/zero/1/content' })).text).toBe('[1,100]')
})

test('47: a body with its own digests is taken, whatever other algorithms stand beside', async () => {
  const body = JSON.stringify({ name: 'digested', type: 'prompt', content: 1 })
  const sha512 = hash('sha512', body, 'base64')
  const field = `sha-256=:${sha256(body)}:, sha-512=:${sha512}:,unixsum=:AAA=:`
  expect((await bad.send(withDigest(field, body))).status).toBe(202)
  const sent = form(`${artifactPart.replace('fresh', 'digested')}${contentPart}--xx--\n`)
  const headers = { ...sent.headers, 'repr-digest': `sha-256=:${sha256(sent.body.toString())}:` }
  expect((await bad.send({ ...sent, headers })).status).toBe(202)
})

test('57: a file name is not a path of anything', async () => {
  const odd = form(`${artifactPart}${contentPart.replace('filename="x"', 'filename="../../x"')}--xx--\n`)
  expect((await bad.send(odd)).status).toBe(202)
})

test('102: what is sent to confuse logs and terminals is stored or refused, and each answer is one line', async () => {
  const odd = { '\u001b[31m': '\n{"level":60,"msg":"forged"}', 'user-agent': 'x' }
  const sent = await bad.send({
    ...submission({ name: 'odd', metadata: odd }),
    headers: { 'user-agent': `a${'b'.repeat(8000)}` },
  })
  expect(sent.status).toBe(202)
  expect(sent.text.split('\n')).toHaveLength(1)
})

test('21: an empty body is none, whatever it is said to be, where none is needed', async () => {
  await bad.send(post('{"name":"empty","type":"prompt","content":1}'))
  await bad.api.settleAll()
  const archive = (body: string) => ({
    ...post(body, { 'content-type': 'application/x-www-form-urlencoded' }),
    path: '/artifacts/empty/1/archive',
  })
  await bad.refuses({ row: 21, what: 'a form', send: archive('a=b'), ...media })
  expect((await bad.send(archive(''))).status).toBe(200)
})
