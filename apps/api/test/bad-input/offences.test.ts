import type { Offence } from '@keepr/shared/domain/offence'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from '../start-api.ts'

let api: TestApi
let alice: Caller
beforeAll(async () => {
  api = await startApi()
  alice = await api.as('acme', 'alice')
})
afterAll(() => api[Symbol.asyncDispose]())

type Refusal = { status: number; detail: string; errors: Offence[] }
const refusal = async (answer: Response | Promise<Response>): Promise<Refusal> => {
  const { status, ...more } = (await (await answer).json()) as Refusal // SAFETY: the test fails if not.
  return { ...more, status }
}
const offences = async (answer: Promise<Response>) => {
  const { status, errors } = await refusal(answer)
  expect(status).toBe(422)
  return errors.map(({ pointer, parameter, detail }) => `${parameter ?? pointer} ${detail}`)
}
const post = (body: string | Record<string, unknown>) => alice.send('POST', '/artifacts', body)
const upload = (artifact: string, content: string, type = 'application/json') => {
  const form = new FormData()
  form.set('artifact', artifact)
  form.set('content', new Blob([content], { type }), 'file')
  return alice.send('POST', '/artifacts', form)
}

const name =
  '/name must be 1 to 128 characters of A-Z, a-z, 0-9, ".", "_" and "-", begin with a letter or digit, and not be reserved'

describe('each offence is told', () => {
  test('all fields that nobody knows, among them those that Keepr decides', async () => {
    expect(await offences(post({ name: 'x', type: 'prompt', content: 1, z: 1, status: 'published', y: 2 }))).toEqual([
      '/z is not a known field',
      '/status is decided by Keepr and cannot be sent',
      '/y is not a known field',
    ])
    expect(await offences(upload('{"name":"-x","type":"blob","status":"published","foo":1}', ''))).toEqual([
      '/status is decided by Keepr and cannot be sent',
      '/foo is not a known field',
      name,
    ])
  })

  test('all parameters that nobody knows, and one that is given several times is not called missing', async () => {
    expect(await offences(alice.get('/artifacts/?colour=red&size=1'))).toEqual([
      'colour is not a parameter of this route',
      'size is not a parameter of this route',
    ])
    expect(await offences(alice.get('/artifacts/x/diff?from=1&from=2&to=1'))).toEqual(['from is given several times'])
  })

  test('each tag that is no text or empty, at its place; also as a parameter and in a patch', async () => {
    expect(
      await offences(post({ name: 'x', type: 'prompt', content: 1, metadata: { tags: [1, '', 'ok', null] } })),
    ).toEqual(['/metadata/tags/0 must be a string', '/metadata/tags/1 is empty', '/metadata/tags/3 must be a string'])
    expect(await offences(alice.get('/artifacts/?tag=ok&tag='))).toEqual(['tag is empty'])
    await alice.submit({ name: 'tagged', type: 'prompt', content: 1, draft: true })
    expect(await offences(alice.send('PATCH', '/artifacts/tagged/1/meta', { metadata: { tags: [''] } }))).toEqual([
      '/metadata/tags/0 is empty',
    ])
  })

  test('what JSON cannot keep exactly, together with what does not fit', async () => {
    const exactly = 'is a number that a double does not hold exactly; send it as a string'
    expect(
      await offences(
        post(
          String.raw`{"name":"-x","type":"prompt","content":["\u0000","\ud800",1e400,{"\u0000":1}],"bogus":1,"group_id":"x"}`,
        ),
      ),
    ).toEqual([
      '/content/0 contains U+0000',
      '/content/1 contains a lone surrogate',
      `/content/2 ${exactly}`,
      String.raw`/content/3 has the key "\u0000", which contains U+0000`,
      '/bogus is not a known field',
      '/group_id is decided by Keepr and cannot be sent',
      name,
    ])
    expect(await offences(upload('{"name":"x","type":"prompt"}', '{"a":1,"a":[1e400]}'))).toEqual([
      '/content/a is a duplicate key',
      `/content/a/0 ${exactly}`,
    ])
  })

  test('members that the schema of a type misses or does not know, at their own place', async () => {
    const content = { a: 1, z: 1, 'y/': 2, unevaluated: { b: 1, c: 1, d: 1 }, named: { ok: 1, No: 1 } }
    expect((await offences(post({ name: 'x', type: 'exact', content }))).toSorted()).toEqual([
      '/content/a~0b is missing',
      '/content/named/No is a name that must match pattern "^[a-z]+$"',
      '/content/unevaluated/c is not known to the schema of its type',
      '/content/unevaluated/d is not known to the schema of its type',
      '/content/unit is missing',
      '/content/y~1 is not known to the schema of its type',
      '/content/z is not known to the schema of its type',
    ])
  })

  test('content beside a file, by the member that was sent', async () => {
    expect(await offences(upload('{"name":"x","type":"blob","content_base64":"AA=="}', 'x'))).toEqual([
      '/content_base64 comes as the file of the multipart body',
    ])
  })

  test.each([
    ['unknown fields', Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`f${n}`, 1]))],
    ['tags', { name: 'x', type: 'prompt', content: 1, metadata: { tags: Array.from({ length: 400_000 }, () => 1) } }],
    [
      'content',
      { name: 'x', type: 'exact', content: Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`f${n}`, 1])) },
    ],
  ])('up to a hundred of them, where a body is made of offences: %s', async (_, body) => {
    expect((await refusal(post(body))).errors).toHaveLength(100)
  })

  test('fewer where each lies below a long key', async () => {
    const long = 'k'.repeat(30_000)
    expect((await refusal(post(`{"${long}":[${'-0,'.repeat(50)}-0]}`))).errors).toHaveLength(2)
  })
})

test('JSON that is none is told with the part that it stands in', async () => {
  const artifact = '{"name":"x","type":"prompt"}'
  expect(await refusal(upload('{', '1'))).toMatchObject({
    status: 400,
    detail: 'In the part artifact: The JSON ends too early.',
  })
  expect(await refusal(upload(artifact, '[1,]'))).toMatchObject({
    status: 400,
    detail: 'In the part content: Unexpected character ] at line 1, column 4.',
  })
})

test('a text is taken or refused whether it comes in JSON or as a file', async () => {
  const text = 'a\u0000b'
  expect(await offences(post({ name: 'nul', type: 'note', content: text }))).toEqual(['/content contains U+0000'])
  expect(await offences(upload('{"name":"nul","type":"note"}', text, 'text/plain'))).toEqual([
    '/content contains U+0000',
  ])
  expect((await upload('{"name":"nul","type":"blob"}', text, 'text/plain')).status).toBe(202)
})

test('a type that takes several content types tells that JSON cannot say which', async () => {
  const types = 'Content of this type is application/zip or image/*'
  expect(await refusal(post({ name: 'pic', type: 'picture', content_base64: 'AA==' }))).toMatchObject({
    status: 415,
    detail: `${types}; send multipart/form-data, where the content part says which.`,
  })
  expect(await refusal(upload('{"name":"pic","type":"picture"}', 'x', 'text/plain'))).toMatchObject({
    status: 415,
    detail: `${types}.`,
  })
  expect((await upload('{"name":"pic","type":"picture"}', 'x', 'image/png')).status).toBe(202)
})
