import { afterAll, beforeAll, expect, test } from 'vitest'
import { listen, type Listening } from '../src/listen.ts'
import { createApp } from '../src/app.ts'
import { startApi, type TestApi } from './start-api.ts'

let api: TestApi
let server: Listening
let authorization: string
beforeAll(async () => {
  api = await startApi()
  server = await listen(createApp(api.ctx), { host: '127.0.0.1', port: 0 })
  authorization = `Bearer ${await api.sign({ sub: 'alice', group_id: 'acme', roles: 'author' })}`
})
afterAll(async () => {
  await server.close()
  await api[Symbol.asyncDispose]()
})

const upload = async (artifact: object, bytes: Uint8Array<ArrayBuffer>, type = 'application/zip') => {
  const body = new FormData()
  body.set('artifact', JSON.stringify(artifact))
  body.set('content', new Blob([bytes], { type }), 'a.bin')
  return await fetch(`http://127.0.0.1:${server.port}/artifacts/`, { method: 'POST', headers: { authorization }, body })
}
const raw = async (body: string, contentType: string) =>
  await fetch(`http://127.0.0.1:${server.port}/artifacts/`, {
    method: 'POST',
    headers: { authorization, 'content-type': contentType },
    body,
  })

test('an upload of the largest size is taken, one byte more is refused', async () => {
  const largest = 32 * 1024 * 1024
  const taken = await upload({ name: 'large', type: 'blob' }, new Uint8Array(largest).fill(7))
  expect([taken.status, await taken.json()]).toMatchObject([
    202,
    { content_size: largest, content_type: 'application/zip' },
  ])
  const refused = await upload({ name: 'larger', type: 'blob' }, new Uint8Array(largest + 1))
  expect([refused.status, ((await refused.json()) as { type: string }).type]).toEqual([
    413,
    'urn:keepr:problem:payload-too-large',
  ])
})

test('what can never be on its way at once is refused for good, and what just can is taken, announced or not', async () => {
  await using limited = await startApi({ MAX_CONCURRENT_UPLOAD_BYTES_PER_USER: '3MiB' })
  const app = await listen(createApp(limited.ctx), { host: '127.0.0.1', port: 0 })
  const send = async (name: string, bytes: number, announced: boolean) => {
    const form = new FormData()
    form.set('artifact', JSON.stringify({ name, type: 'blob' }))
    form.set('content', new Blob([new Uint8Array(bytes)]), 'a.bin')
    const { body, headers } = new Response(form)
    const init = announced ? { body: form } : { body, duplex: 'half' as const }
    const typed = announced ? {} : { 'content-type': headers.get('content-type') ?? '' }
    const answer = await fetch(`http://127.0.0.1:${app.port}/artifacts/`, {
      ...init,
      method: 'POST',
      headers: { authorization, ...typed },
    })
    return [answer.status, await answer.json()]
  }
  const mebibyte = 1024 * 1024
  const refused = { type: 'urn:keepr:problem:payload-too-large', limit_bytes: 3 * mebibyte }
  for (const announced of [true, false]) {
    expect(await send(`fits-${announced}`, 2.9 * mebibyte, announced)).toMatchObject([202, {}])
    expect(await send(`never-fits-${announced}`, 5 * mebibyte, announced)).toMatchObject([413, refused])
  }
  await app.close()
})

test('content of a smaller type is refused by that type’s limit', async () => {
  expect((await upload({ name: 'big', type: 'prompt' }, new Uint8Array(2 * 1024 * 1024).fill(65))).status).toBe(413)
})

test('JSON and text arrive as files too, and a part without a type is binary', async () => {
  const json = await upload(
    { name: 'j', type: 'prompt' },
    new TextEncoder().encode('{"b":1,"a":2}'),
    'application/json',
  )
  expect([json.status, await json.json()]).toMatchObject([202, { content_size: 13, content_type: 'application/json' }])
  const boundary = 'X'
  const form = `--X\r\nContent-Disposition: form-data; name="artifact"\r\n\r\n{"name":"untyped","type":"blob"}\r\n--X\r\nContent-Disposition: form-data; name="content"\r\n\r\nabc\r\n--X--\r\n`
  const untyped = await raw(form, `multipart/form-data; boundary=${boundary}`)
  expect([untyped.status, await untyped.json()]).toMatchObject([
    202,
    { content_size: 3, content_type: 'application/octet-stream' },
  ])
})

test('forms that are none are refused', async () => {
  const part = (name: string, value: string) =>
    `--X\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const end = '--X--\r\n'
  const artifact = part('artifact', '{"name":"f","type":"blob"}')
  for (const body of [
    '',
    'nonsense',
    artifact + end,
    artifact + part('content', 'a'),
    artifact + part('content', 'a') + part('content', 'b') + end,
    artifact + part('other', 'a') + end,
  ]) {
    const res = await raw(body, 'multipart/form-data; boundary=X')
    expect([res.status, ((await res.json()) as { type: string }).type], body).toEqual([
      400,
      'urn:keepr:problem:malformed-multipart',
    ])
  }
  expect((await raw(artifact + end, 'multipart/form-data')).status).toBe(400)
  expect(
    (
      await raw(
        part('artifact', '{"name":"f","type":"blob","content":1}') + part('content', 'a') + end,
        'multipart/form-data; boundary=X',
      )
    ).status,
  ).toBe(422)
})

const artifactPart = (artifact: object) =>
  `--X\r\nContent-Disposition: form-data; name="artifact"\r\n\r\n${JSON.stringify(artifact)}\r\n`
const contentPart = (bytes: string, type?: string) =>
  `--X\r\nContent-Disposition: form-data; name="content"\r\n${type === undefined ? '' : `Content-Type: ${type}\r\n`}\r\n${bytes}\r\n`
const form = async (parts: string[]) => {
  const res = await raw(`${parts.join('')}--X--\r\n`, 'multipart/form-data; boundary=X')
  return { status: res.status, body: (await res.json()) as Record<string, unknown> }
}

test('the parts come in any order, and one without a type is binary for every type of artifact', async () => {
  expect(await form([contentPart('abc', 'a/b'), artifactPart({ name: 'turned', type: 'blob' })])).toMatchObject({
    status: 202,
    body: { content_type: 'a/b', content_size: 3 },
  })
  for (const type of ['prompt', 'note', 'blob'])
    expect(await form([artifactPart({ name: 'silent', type }), contentPart('1')])).toMatchObject({
      status: 202,
      body: { type, content_type: 'application/octet-stream' },
    })
})

test('a body says its charset in quotes or without', async () => {
  const body = JSON.stringify({ name: 'charset', type: 'prompt', content: 1 })
  for (const charset of ['utf-8', '"UTF-8"', 'utf8; note="charset=latin1"'])
    expect((await raw(body, `application/json; charset=${charset}`)).status, charset).toBe(202)
  for (const charset of ['latin1', '"utf-16"'])
    expect((await raw(body, `application/json; charset=${charset}`)).status, charset).toBe(415)
})

test('nothing of a part is lost silently: not behind a boundary in it, not in its header fields, not in an encoding', async () => {
  const artifact = artifactPart({ name: 'lossless', type: 'blob' })
  const withFields = (fields: string) =>
    `--X\r\nContent-Disposition: form-data; name="content"\r\n${fields}\r\n\r\na\r\n`
  const many = Array.from({ length: 21 }, (_, index) => `X-${index}: a`).join('\r\n')
  for (const [status, part] of [
    [400, contentPart('abc\r\n--Xenon\r\ndef')],
    [400, withFields(`${many}\r\nContent-Type: a/b`)],
    [400, withFields(`X-Long: ${'a'.repeat(100_000)}\r\nContent-Type: a/b`)],
    [400, withFields('Content-Type: a/b\r\nContent-Type: a/c')],
    [400, withFields('Content-Disposition: form-data; name="artifact"')],
    [415, withFields('Content-Transfer-Encoding: base64')],
    [415, withFields('Content-Encoding: gzip')],
  ] as const)
    expect((await form([artifact, part])).status, part.slice(0, 200)).toBe(status)
  expect((await form([artifact, withFields('Content-Transfer-Encoding: binary')])).status).toBe(202)
})

test('a part that is not known is told by its name', async () => {
  const part = '--X\r\nContent-Disposition: form-data; name="type"\r\n\r\nblob\r\n'
  expect(await form([part, contentPart('1')])).toMatchObject({
    status: 400,
    body: { detail: 'There is a part "type"; only artifact, in JSON, and content are taken.' },
  })
})

test('what stands in quotes is no parameter', async () => {
  const artifact = artifactPart({ name: 'quoted', type: 'blob' })
  const content = '--X\r\nContent-Disposition: form-data; filename="a; name=artifact"; name="content"\r\n\r\nabc\r\n'
  const sent = (type: string) => raw(`${artifact}${content}--X--\r\n`, type)
  expect((await sent('multipart/form-data; note="; boundary=Y"; boundary="X"')).status).toBe(202)
  const long = await sent(`multipart/form-data; boundary=${'X'.repeat(71)}`)
  expect([long.status, await long.text()]).toEqual([400, expect.stringContaining('longer than 70')])
})

test('a content type that could not be sent again, or that lies about text, is refused', async () => {
  for (const [type, given] of [
    ['blob', 'not a type'],
    ['blob', 'a/b\u0001'],
    ['blob', 'a/bé'],
    ['blob', `a/${'b'.repeat(300)}`],
    ['note', 'text/plain; charset=latin1'],
  ] as const)
    expect(await form([artifactPart({ name: 'odd', type }), contentPart('1', given)]), given).toMatchObject({
      status: 415,
      body: { type: 'urn:keepr:problem:unsupported-media-type' },
    })
})

test('what is wrong with JSON in a file is told by its place in the content', async () => {
  const refused = await form([artifactPart({ name: 'twice', type: 'prompt' }), contentPart('{"a":{"b":1,"b":2}}')])
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/content/a/b' }] } })
})

test('large content comes back as it was sent, whole and in parts', async () => {
  const bytes = new Uint8Array(5 * 1024 * 1024 + 7).map((_, index) => (index * 31 + (index >> 8)) % 251)
  const made = (await (await upload({ name: 'sliced', type: 'blob', draft: true }, bytes)).json()) as {
    links: { content: string }
    content_hash: string
  }
  const read = async (headers: Record<string, string> = {}) => {
    const res = await fetch(`http://127.0.0.1:${server.port}${made.links.content}`, {
      headers: { authorization, ...headers },
    })
    return new Uint8Array(await res.arrayBuffer())
  }
  expect(Buffer.from(await read()).equals(bytes)).toBe(true)
  const part = await read({ range: 'bytes=2097150-4194306' })
  expect(Buffer.from(part).equals(bytes.subarray(2097150, 4194307))).toBe(true)
})
