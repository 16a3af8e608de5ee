import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createOutbound, OutboundError, type OutboundRequest } from '../../src/runtime/outbound.ts'
import { portOf } from '../../src/runtime/port-of.ts'

const loopback = ['127.0.0.0/8', '::1']

async function serving(listener: RequestListener) {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${portOf(server)}`
}

const calling = (allow: readonly string[] = loopback, allowHttp = false) => {
  const outbound = createOutbound({ outboundAllowAddresses: allow, outboundAllowHttp: allowHttp })
  onTestFinished(() => outbound.close())
  return (url: string, changes: Partial<OutboundRequest> = {}) =>
    outbound.call({ method: 'GET', url, deadlineMs: 2000, maxResponseBytes: 1000, ...changes })
}
const reasonOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    (answer) => `answered ${JSON.stringify(answer)}`,
    (error: unknown) => {
      if (!(error instanceof OutboundError)) throw error
      return error.reason
    },
  )

test('sends method, headers and body, asks for no encoding, and gives the answer', async () => {
  const url = await serving((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () =>
      response
        .writeHead(201, { 'x-method': request.method ?? '' })
        .end(`${request.headers['accept-encoding']} ${String(request.headers['x-a'])} ${body}`),
    )
  })
  const answer = await calling()(`${url}/path`, { method: 'POST', headers: { 'x-a': '1' }, body: 'hello' })
  expect({ ...answer, headers: answer.headers['x-method'], body: answer.body.toString() }).toEqual({
    status: 201,
    headers: 'POST',
    body: 'identity 1 hello',
  })
})

test('however many calls of one origin hang, another is made at once', async () => {
  let hanging = 0
  const url = await serving((request, response) => {
    if (request.url === '/hang') hanging += 1
    else response.end('ok')
  })
  const call = calling()
  const over = new AbortController()
  const hung = Array.from({ length: 100 }, () =>
    reasonOf(call(`${url}/hang`, { deadlineMs: 20_000, signal: over.signal })),
  )
  await vi.waitFor(() => expect(hanging).toBe(100), 10_000)
  expect((await call(`${url}/well`, { deadlineMs: 5000 })).status).toBe(200)
  over.abort()
  expect(new Set(await Promise.all(hung))).toEqual(new Set(['aborted']))
})

describe('addresses', () => {
  test.each([
    'http://127.0.0.1/',
    'https://127.0.0.1/',
    'https://localhost/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[::127.0.0.1]/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://0/',
    'https://0.0.0.0/',
    'https://169.254.169.254/latest',
    'https://10.0.0.1/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://①②⑦.⓪.⓪.①/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
  ])('%s is not called', async (url) => {
    expect(await reasonOf(calling([])(url))).toBe('address_not_allowed')
  })

  test('no connection is even tried, by address or by name', async () => {
    let connections = 0
    const server = createTcpServer(() => (connections += 1)).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    for (const host of ['127.0.0.1', 'localhost'])
      expect(await reasonOf(calling([])(`http://${host}:${portOf(server)}/`))).toBe('address_not_allowed')
    expect(connections).toBe(0)
  })

  test('a target may have addresses of its own', async () => {
    const url = await serving((_, response) => response.end('ok'))
    const call = calling([])
    expect((await call(url, { allowAddresses: ['127.0.0.1'] })).status).toBe(200)
    expect(await reasonOf(call(url))).toBe('address_not_allowed')
  })

  test('a listed name is reached by its name', async () => {
    const url = await serving((_, response) => response.end('ok'))
    expect((await calling()(url.replace('127.0.0.1', 'localhost'))).status).toBe(200)
  })

  test('public addresses are called with TLS only, unless allowed otherwise', async () => {
    expect(await reasonOf(calling([])('http://192.0.9.1:9/', { deadlineMs: 200 }))).toBe('address_not_allowed')
    expect(await reasonOf(calling([], true)('http://192.0.9.1:9/', { deadlineMs: 200 }))).not.toBe(
      'address_not_allowed',
    )
  })

  test.each(['file:///etc/passwd', 'ftp://example.org/', 'gopher://x/', 'not a url', 'https://user:pass@example.org/'])(
    '%s is no URL to call',
    async (url) => {
      expect(await reasonOf(calling()(url))).toBe('url_not_allowed')
    },
  )
})

test.each(['a secret\n', 'Bearer\r\nhost: x', 'nul\u0000', '10 €'])('%j can be sent in no header', async (value) => {
  let calls = 0
  const url = await serving((_, response) => {
    calls += 1
    response.end()
  })
  expect(await reasonOf(calling()(url, { headers: { 'x-token': value } }))).toBe('header_not_allowed')
  expect((await calling()(url, { headers: { 'x-token': 'naïve, 100 %\t' } })).status).toBe(200)
  expect(calls).toBe(1)
})

describe('hostile answers', () => {
  test('a redirect is an answer and is not followed', async () => {
    let calls = 0
    const url = await serving((_, response) => {
      calls += 1
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    expect((await calling()(url)).status).toBe(302)
    expect(calls).toBe(1)
  })

  test('an endless one is cut off', async () => {
    const url = await serving((_, response) => {
      const more = () => {
        while (response.write('x'.repeat(10_000)));
        response.once('drain', more)
      }
      more()
    })
    expect(await reasonOf(calling()(url))).toBe('response_too_large')
    expect((await calling()(url, { onTooLarge: 'truncate' })).body).toHaveLength(1000)
  })

  test('a compressed one is refused', async () => {
    const url = await serving((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x')),
    )
    expect(await reasonOf(calling()(url))).toBe('response_encoded')
  })

  test('one that never begins or trickles ends with the deadline', async () => {
    const silent = await serving(() => {})
    expect(await reasonOf(calling()(silent, { deadlineMs: 100 }))).toBe('timeout')
    const trickling = await serving((_, response) => {
      const timer = setInterval(() => response.write('.'), 10)
      response.on('close', () => clearInterval(timer))
    })
    expect(await reasonOf(calling()(trickling, { deadlineMs: 150 }))).toBe('timeout')
  })

  test('a closed port, a broken connection and no HTTP at all are failed connections', async () => {
    const url = await serving((request) => request.socket.destroy())
    expect(await reasonOf(calling()(url))).toBe('connection_failed')
    expect(await reasonOf(calling()('http://127.0.0.1:1/'))).toBe('connection_failed')
  })

  test('a call can be stopped', async () => {
    const url = await serving(() => {})
    const stop = new AbortController()
    const call = reasonOf(calling()(url, { signal: stop.signal }))
    stop.abort()
    expect(await call).toBe('aborted')
    expect(await reasonOf(calling()(url, { signal: AbortSignal.abort() }))).toBe('aborted')
  })

  test('one that tells first that it is on its way is waited for', async () => {
    const url = await serving((_, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' })
      response.writeHead(200).end('ok')
    })
    expect(await calling()(url)).toMatchObject({ status: 200, body: Buffer.from('ok') })
  })

  test('an error shows nothing of the URL', async () => {
    const failed: unknown = await calling()('http://127.0.0.1:1/?token=canary').catch((error: unknown) => error)
    expect(String(failed)).not.toContain('canary')
  })
})
