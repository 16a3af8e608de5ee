import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BadApi, type Row, startBadApi } from './bad-api.ts'

let bad: BadApi
beforeAll(async () => {
  bad = await startBadApi()
})
afterAll(() => bad[Symbol.asyncDispose]())

const start =
  'POST /artifacts HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nConnection: close\r\n'
const get = (more: string, path = '/artifacts') =>
  `GET ${path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n${more}\r\n`
const path = (text: string) => ({ raw: get('', text) })

const rows: Row[] = [
  {
    row: 3,
    what: 'a header block of 20 KB',
    send: { raw: get(`X-Pad: ${'x'.repeat(20_000)}\r\n`) },
    status: 431,
    code: 'headers-too-large',
  },
  {
    row: 3,
    what: 'three thousand header fields',
    send: { raw: get('A: b\r\n'.repeat(3000)) },
    status: 431,
    code: 'headers-too-large',
  },
  {
    row: 4,
    what: 'Content-Length and Transfer-Encoding',
    send: { raw: `${start}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n` },
    status: 400,
    code: 'malformed-request',
  },
  {
    row: 5,
    what: 'two different Content-Length',
    send: { raw: `${start}Content-Length: 3\r\nContent-Length: 4\r\n\r\n{}` },
    status: 400,
    code: 'malformed-request',
  },
  {
    row: 6,
    what: 'Transfer-Encoding: xchunked',
    send: { raw: `${start}Transfer-Encoding: xchunked\r\n\r\n{}` },
    status: 400,
    code: 'malformed-request',
  },
  {
    row: 6,
    what: 'Transfer-Encoding: gzip, chunked',
    send: { raw: `${start}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n` },
    status: 400,
    code: 'malformed-request',
  },
  {
    row: 7,
    what: 'Content-Length: -1',
    send: { raw: `${start}Content-Length: -1\r\n\r\n` },
    status: 400,
    code: 'malformed-request',
  },
  {
    row: 8,
    what: 'no Host',
    send: { raw: 'GET /artifacts HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\r\n' },
    status: 400,
    code: 'malformed-request',
  },
  { row: 8, what: 'two Hosts', send: { raw: get('Host: evil.test\r\n') }, status: 400, code: 'malformed-request' },
  {
    row: 8,
    what: 'a Host that is none',
    send: { headers: { host: 'a b/c@d' } },
    status: 400,
    code: 'malformed-request',
  },
  {
    row: 9,
    what: 'a method that does not exist',
    send: { raw: 'FETCH /artifacts HTTP/1.1\r\nHost: {host}\r\n\r\n' },
    status: 400,
    code: 'malformed-request',
  },
  { row: 9, what: 'TRACE', send: { method: 'TRACE' }, status: 405, code: 'method-not-allowed' },
  {
    row: 9,
    what: 'CONNECT',
    send: { raw: 'CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test\r\n\r\n' },
    status: 405,
    code: 'method-not-allowed',
  },
  {
    row: 10,
    what: 'PUT on a collection',
    send: { method: 'PUT', body: '{}' },
    status: 405,
    code: 'method-not-allowed',
  },
  {
    row: 10,
    what: 'DELETE on a list',
    send: { method: 'DELETE', path: '/types' },
    status: 405,
    code: 'method-not-allowed',
  },
  { row: 10, what: 'OPTIONS', send: { method: 'OPTIONS' }, status: 405, code: 'method-not-allowed' },
  { row: 11, what: 'an unknown path', send: path('/nothing/here'), status: 404, code: 'not-found' },
  { row: 11, what: '/%00', send: path('/%00'), status: 404, code: 'not-found' },
  { row: 11, what: 'a name of %00', send: path('/artifacts/%00'), status: 404, code: 'not-found' },
  { row: 11, what: 'a name of %ff, which is not UTF-8', send: path('/artifacts/%ff'), status: 404, code: 'not-found' },
  { row: 11, what: 'a name of %, which is no escape', send: path('/artifacts/%'), status: 404, code: 'not-found' },
  { row: 11, what: '/..%2f..', send: path('/artifacts/..%2f..%2fetc'), status: 404, code: 'not-found' },
  { row: 11, what: 'dots that lead out of the root', send: path('/../../etc/passwd'), status: 404, code: 'not-found' },
  { row: 11, what: '//', send: path('//'), status: 404, code: 'not-found' },
  { row: 11, what: '//evil.test/artifacts', send: path('//evil.test/artifacts'), status: 404, code: 'not-found' },
  { row: 11, what: 'a backslash', send: path('/artifacts\\..\\x'), status: 400, code: 'malformed-request' },
  { row: 11, what: 'a path of 9 KB', send: path(`/artifacts/${'x'.repeat(9000)}`), status: 414, code: 'uri-too-long' },
  {
    row: 11,
    what: 'a query of 9 KB',
    send: path(`/artifacts?q=${'x'.repeat(9000)}`),
    status: 414,
    code: 'uri-too-long',
  },
  {
    row: 12,
    what: 'the address of another server',
    send: path('http://evil.test/nothing'),
    status: 404,
    code: 'not-found',
  },
  {
    row: 12,
    what: 'an address with a user in it',
    send: path('http://u:p@evil.test/nothing'),
    status: 404,
    code: 'not-found',
  },
  {
    row: 12,
    what: 'an address that is none',
    send: path('http://[::1/artifacts'),
    status: 400,
    code: 'malformed-request',
  },
  {
    row: 13,
    what: 'the beginning of TLS',
    send: { raw: Buffer.from('160301010001', 'hex') },
    status: 400,
    code: 'malformed-request',
  },
  {
    row: 13,
    what: 'the preface of HTTP/2',
    send: { raw: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
    status: 400,
    code: 'malformed-request',
  },
  {
    row: 13,
    what: 'HTTP/9.9',
    send: { raw: 'GET / HTTP/9.9\r\nHost: {host}\r\n\r\n' },
    status: 400,
    code: 'malformed-request',
  },
  {
    row: 14,
    what: 'a body that is announced as too large, before it is sent',
    send: { raw: `${start}Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n` },
    status: 413,
    code: 'payload-too-large',
  },
  {
    row: 14,
    what: 'an expectation that nobody knows',
    send: { headers: { expect: 'a miracle' } },
    status: 417,
    code: 'expectation-failed',
  },
  {
    row: 15,
    what: 'Content-Length: 999999999',
    send: { raw: `${start}Content-Length: 999999999\r\n\r\n{` },
    status: 413,
    code: 'payload-too-large',
  },
  {
    row: 16,
    what: 'a chunked body over the limit',
    send: {
      raw: `${start.replace('POST /artifacts', 'PATCH /artifacts/greeting/1/meta')}Transfer-Encoding: chunked\r\n\r\n${`20000\r\n${'x'.repeat(131_072)}\r\n`.repeat(20)}0\r\n\r\n`,
    },
    status: 413,
    code: 'payload-too-large',
  },
  {
    row: 103,
    what: 'a line break in a header',
    send: { raw: get('X-A: b\rc\r\n') },
    status: 400,
    code: 'malformed-request',
  },
]

describe('refused on the wire', () => {
  test.for(rows)('$row: $what → $status', async (row) => {
    const answer = await bad.refuses(row)
    if (row.status === 405) expect(answer.headers['allow']).toMatch(/^[A-Z, ]+$/u)
  })
})

test('11, 12: what leads elsewhere is taken as a path of this server, and links name no host', async () => {
  const answer = await bad.send({ raw: get('', 'http://evil.test/artifacts/greeting') })
  expect(answer.status).toBe(200)
  expect(answer.text).not.toContain('evil.test')
})

test('14: who expects to be told to go on is told so once the body is wanted', async () => {
  const body = '{"name":"expected","type":"prompt","content":1}'
  const answers: string[] = []
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ port: bad.port, host: '127.0.0.1' }, () =>
      socket.write(
        `POST /artifacts HTTP/1.1\r\nHost: x.test\r\nAuthorization: Bearer ${bad.token}\r\nConnection: close\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
      ),
    )
    socket.on('data', (chunk) => {
      answers.push(chunk.toString('utf8'))
      if (answers.length === 1) socket.write(body)
    })
    socket.on('close', () => resolve()).on('error', reject)
  })
  expect(answers[0]).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\n$/u)
  expect(answers[1]).toMatch(/^HTTP\/1\.1 202 Accepted\r\n/u)
})

test('a live stream to a client of HTTP/1.0, which knows no chunks, has none', async () => {
  const answer = await new Promise<string>((resolve) => {
    let text = ''
    const socket = connect({ port: bad.port, host: '127.0.0.1' }, () =>
      socket.write(`GET /events HTTP/1.0\r\nHost: x.test\r\nAuthorization: Bearer ${bad.token}\r\nAccept: text/event-stream\r\n\r\n`),
    )
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8')
      if (text.includes('data:')) socket.destroy()
    })
    socket.on('close', () => resolve(text))
  })
  expect(answer).toMatch(/\r\n\r\nevent: artifact\.created\n/u)
}) // prettier-ignore

test('13: after what was no request the connection is closed', async () => {
  const closed = await new Promise<boolean>((resolve) => {
    const socket = connect({ port: bad.port, host: '127.0.0.1' }, () => socket.write('nonsense\r\n\r\n'))
    socket.resume().on('close', () => resolve(true))
  })
  expect(closed).toBe(true)
})

test('103: an unknown origin is given nothing', async () => {
  const answer = await bad.send({ headers: { origin: 'https://evil.test' } })
  expect(answer.status).toBe(200)
  expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
})
