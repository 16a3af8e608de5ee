import { randomUUIDv7 } from 'node:crypto'
import { connect as openSocket, type Socket } from 'node:net'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from '@keepr/db/connect'
import { leanProcess } from '@keepr/dev-env/lean-process'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../src/app.ts'
import { listen, type Listening } from '../src/listen.ts'
import { bearerFor, startApiProcess } from './api-process.ts'
import { type Caller, startApi, type TestApi } from './start-api.ts'

describe('a database that does not come to an answer', { timeout: 60_000 }, () => {
  let api: TestApi
  let alice: Caller
  beforeAll(async () => {
    api = await startApi({}, (database) =>
      connect({
        url: database.urlOf('keepr_api'),
        applicationName: 'test-small-pool',
        poolSize: 2,
        connectTimeoutMs: 2000,
        statementTimeoutMs: 5000,
        lockTimeoutMs: 4500,
      }),
    )
    alice = await api.as('acme', 'alice')
    await alice.submit({ name: 'locked', type: 'prompt', content: 1 })
    await api.settleAll()
  })
  afterAll(async () => {
    await api.ctx.db.close()
    await api[Symbol.asyncDispose]()
  })

  test('is 503 with Retry-After within five seconds, for all that wait for a connection too, and over when it is over', async () => {
    const free = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    const holder = api.database.admin.begin(async (sql) => {
      await sql`select 1 from artifact_names where name = 'locked' for update`
      held.resolve()
      await free.promise
    })
    await held.promise
    const begun = performance.now()
    const writes = Array.from({ length: 6 }, () =>
      alice.send('PATCH', '/artifacts/locked/1/meta', { metadata: { a: randomUUIDv7() } }),
    )
    const answers = await Promise.all([...writes, alice.get('/artifacts/locked')])
    expect(performance.now() - begun).toBeLessThan(8000) // five, and what a busy machine adds
    const refused = answers.filter(({ status }) => status === 503)
    expect(refused.length).toBeGreaterThanOrEqual(6)
    for (const answer of refused) {
      expect(answer.headers.get('retry-after')).toBe('1')
      expect(await answer.json()).toMatchObject({ type: 'urn:keepr:problem:database-unavailable' })
    }
    free.resolve()
    await holder
    await waitFor(async () => (await alice.get('/artifacts/locked')).status === 200, 'reads to work again')
    const after = await alice.send('PATCH', '/artifacts/locked/1/meta', { metadata: { after: true } })
    // What was refused is not done later behind its caller's back.
    expect([after.status, await after.json()]).toMatchObject([200, { metadata: { after: true } }])
    const [{ events } = { events: 0 }] = await api.database.admin<{ events: number }[]>`
      select count(*)::int as events from artifact_events where name = 'locked' and event_type = 'metadata_updated'`
    expect(events).toBe(1)
  })
})

test(
  'a database that takes no writes for now is 503 with Retry-After, and is read from',
  { timeout: 60_000 },
  async () => {
    await using api = await startApi()
    const alice = await api.as('acme', 'alice')
    const submitted = await alice.submit({ name: 'before', type: 'prompt', content: 1 })
    await api.settleAll()
    const setReadOnly = async (readOnly: boolean) => {
      const { admin } = api.database
      const [{ name } = { name: '' }] = await admin<{ name: string }[]>`select current_database() as name`
      await admin`alter database ${admin(name)} set default_transaction_read_only = ${admin.unsafe(readOnly ? 'on' : 'off')}`
      await admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${name} and usename like 'keepr_%'`
    }
    await setReadOnly(true)
    await waitFor(async () => (await alice.get('/artifacts/before')).status === 200, 'reads to work')
    const refused = await alice.submit({ name: 'meanwhile', type: 'prompt', content: 1 })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    await setReadOnly(false)
    expect(submitted.status).toBe(202)
  },
)

describe('a client that takes its time', { timeout: 60_000 }, () => {
  let api: TestApi
  let server: Listening
  beforeAll(async () => {
    api = await startApi()
    const patience = { headersMs: 400, requestMs: 1000, idleMs: 300, connections: 50 }
    server = await listen(createApp(api.ctx), { host: '127.0.0.1', port: 0 }, patience)
  })
  afterAll(async () => {
    await server.close()
    await api[Symbol.asyncDispose]()
  })

  /** Everything that the server says until it closes the connection. */
  async function saidTo(lines: string): Promise<string> {
    const socket = openSocket(server.port, '127.0.0.1')
    socket.on('error', () => {}) // a connection that is reset is closed too
    socket.write(lines)
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    await once(socket, 'close')
    return answer
  }

  test('over its header fields is answered 408, with a problem', async () => {
    expect(await saidTo('GET /types HTTP/1.1\r\nHost: k')).toMatch(/^HTTP\/1\.1 408 .*problem:request-timeout/su)
  })

  test('over its body is answered 408, with a problem', async () => {
    const authorization = `Bearer ${await api.sign({ sub: 'a', group_id: 'g' })}`
    const head = `POST /artifacts HTTP/1.1\r\nHost: k\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"name":`
    expect(await saidTo(head)).toMatch(/^HTTP\/1\.1 408 .*problem:request-timeout/su)
  })

  test('or goes away over its body is no failure of the server', async () => {
    const authorization = `Bearer ${await api.sign({ sub: 'a', group_id: 'g' })}`
    const socket = openSocket(server.port, '127.0.0.1')
    const head = `POST /artifacts HTTP/1.1\r\nHost: k\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"name":`
    await new Promise((resolve) => socket.write(head, resolve))
    const counted = async () => {
      const { body } = await api.ctx.metrics.expose()
      return body.split('\n').filter((line) => /^keepr_http_request_duration_seconds_count.*POST/u.test(line))
    }
    const before = await counted()
    socket.destroy()
    await waitFor(async () => (await counted()).join() !== before.join(), 'the request to be over')
    expect((await counted()).join()).not.toMatch(/status="5/u)
  })

  test('between two requests loses its connection', async () => {
    const answer = await saidTo('GET /healthz HTTP/1.1\r\nHost: k\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 200 /u)
  })
})

describe('the process', { timeout: 120_000 }, () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database[Symbol.asyncDispose]())

  const statusOf = async (pid: number | undefined, field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'mu').exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

  test.skipIf(process.platform !== 'linux')(
    'takes memory for a few copies of large content, not for many',
    async () => {
      const lean = ['/usr/bin/env', ...Object.entries(leanProcess.env).map((pair) => pair.join('='))]
      await using api = await startApiProcess(database, { DATABASE_STATEMENT_TIMEOUT: '60s' }, [
        ...lean,
        process.execPath,
        ...leanProcess.flags,
      ])
      const authorization = await bearerFor('large', 'alice')
      const megabytes = 30
      const round = async (name: string) => {
        const body = new FormData()
        body.set('artifact', JSON.stringify({ name, type: 'model_weights', draft: true }))
        body.set('content', new Blob([new Uint8Array(megabytes * 1024 * 1024).fill(name.length)]), 'w.bin')
        const made = await fetch(`${api.url}/artifacts`, { method: 'POST', headers: { authorization }, body })
        expect(made.status).toBe(201)
        const content = await fetch(`${api.url}/artifacts/${name}/1/content`, { headers: { authorization } })
        expect((await content.arrayBuffer()).byteLength).toBe(megabytes * 1024 * 1024)
      }
      const started = await statusOf(api.child.pid, 'VmRSS')
      for (const length of [1, 2, 3, 4]) await round('x'.repeat(length))
      // Two or three copies are in use at once; the engine frees those of the round before when it likes.
      const copies = ((await statusOf(api.child.pid, 'VmHWM')) - started) / megabytes
      expect(copies).toBeLessThan(7)
    },
  )

  test.skipIf(process.platform !== 'linux')(
    'without a file descriptor left serves again as soon as there are some, and with many idle clients all the time',
    async () => {
      const few = ['/bin/bash', '-c', 'ulimit -n 128; exec "$0" "$@"', process.execPath]
      await using api = await startApiProcess(database, {}, few)
      const authorization = await bearerFor('idle', 'alice')
      const ask = async () =>
        await fetch(`${api.url}/types`, { headers: { authorization, connection: 'close' } }).then(
          ({ status }) => status,
          () => 0,
        )
      expect(await ask()).toBe(200)
      const { port } = new URL(api.url)
      const sockets: Socket[] = Array.from({ length: 300 }, () =>
        openSocket(Number(port), '127.0.0.1').on('error', () => {}),
      ) // prettier-ignore -- those that find no place are reset
      await waitFor(() => sockets.filter(({ connecting }) => !connecting).length >= 100, 'as many as fit')
      for (const socket of sockets) socket.destroy()
      await waitFor(async () => (await ask()) === 200, 'the API to serve again', 30_000)
      expect(api.child.exitCode).toBeNull()
    },
  )
})
