import { randomUUIDv7 } from 'node:crypto'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { createLog } from '@keepr/shared/runtime/log'
import { openPublisher, type Publisher, startWorker } from '@keepr/shared/runtime/queue'
import { createRedactor } from '@keepr/shared/runtime/redactor'
import type { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createApp } from '../src/app.ts'
import type { ApiEnv } from '../src/http/api.ts'
import { createQueueDashboard } from '../src/queue-dashboard.ts'
import { startApi, type TestApi } from './start-api.ts'

const log = createLog({ service: 'api', level: 'silent', pretty: false, redactor: createRedactor() })
const html = { accept: 'text/html' }
const shared = inject('redisUrl')
/** A database of its own: services of other tests work on the queues of the first. */
const redisUrl = shared === null ? null : `${shared}/7`
let api: TestApi

beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const tokenOf = (role: string) => api.sign({ sub: 'olga', group_id: 'ops', roles: [role] })
const bearing = async (role: string) => ({ authorization: `Bearer ${await tokenOf(role)}` })

test('there is no dashboard unless it is enabled', async () => {
  const app = createApp(api.ctx)
  for (const path of ['/queues', '/queues/api/queues', '/queues/sign-in'])
    expect((await app.request(path, { headers: await bearing('operator') })).status, path).toBe(404)
})

const stores = [
  { store: 'PostgreSQL', there: true },
  { store: 'Redis', there: redisUrl !== null },
]

describe.each(stores)('the dashboard of queues on $store', ({ store, there }) => {
  let publisher: Publisher
  let app: Hono<ApiEnv>
  const settings = () => ({
    redisUrl: store === 'Redis' ? (redisUrl ?? undefined) : undefined,
    queueDatabaseUrl: api.database.urlOf('keepr_queue'),
  })

  beforeAll(async () => {
    if (!there) return
    publisher = openPublisher(settings(), { log })
    app = createApp({ ...api.ctx, queueDashboard: createQueueDashboard(publisher.queues) })
    await waitFor(() => publisher.health().state === 'ok', 'the queues')
  })
  afterAll(() => publisher?.close())

  const get = (path: string, headers: Record<string, string>) => app.request(path, { headers })
  const signIn = (token: string, host = 'keepr.test') =>
    app.request(`http://${host}/queues/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token }),
    })
  const queuesSeen = async (headers: Record<string, string>, query = '') => {
    const answer = await get(`/queues/api/queues${query}`, headers)
    expect(answer.status).toBe(200)
    return await answer.text()
  }

  test.runIf(there)('shows an operator the queues, with what waits: ids and no content', async () => {
    const message = {
      message_id: randomUUIDv7(),
      generation: 0,
      group_id: 'acme',
      lane: 'prompt',
      refs: [randomUUIDv7()],
    }
    await publisher.queues.validation.addBulk([message])
    const operator = await bearing('operator')
    const { queues } = JSON.parse(
      await queuesSeen(operator, '?activeQueue=validation&status=waiting&page=1&jobsPerPage=10'),
    ) as { queues: { name: string; counts: Record<string, number>; jobs: { id: string; data: unknown }[] }[] } // SAFETY: looked at below.
    expect(queues.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'deliveries',
      'events',
      'validation',
    ])
    const [validation] = queues.filter(({ name }) => name === 'validation')
    expect(validation?.counts).toMatchObject({ waiting: 1 })
    expect(validation?.jobs).toMatchObject([{ id: `${message.message_id}-0`, data: message }])
    const job = await get(`/queues/api/queues/validation/${message.message_id}-0`, operator)
    expect(await job.json()).toMatchObject({ job: { data: message }, status: 'waiting' })
    expect((await get('/queues/api/redis/stats', operator)).status).toBe(200)
  })

  test.runIf(there)('serves its page with all that the page asks for, from here alone', async () => {
    const operator = await bearing('operator')
    for (const path of ['/queues', '/queues/', '/queues/queue/validation']) {
      const page = await get(path, { ...operator, ...html })
      expect(page.status).toBe(200)
      expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    }
    const page = await (await get('/queues', { ...operator, ...html })).text()
    expect(page).toContain('<base href="/queues/" />')
    const files = [...page.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, file]) => file ?? '')
    expect(files.length).toBeGreaterThan(4)
    for (const file of files) expect((await get(`/queues/${file}`, operator)).status, file).toBe(200)
    for (const file of ['static/../package.json', 'static/%2e%2e/index.ejs', 'static/..%2f..%2fpackage.json'])
      expect((await get(`/queues/${file}`, operator)).status, file).toBe(404)
  })

  test.runIf(there)(
    'shows nothing to anybody else: no token 401, another role 403, a browser the way to sign in',
    async () => {
      for (const path of ['/queues', '/queues/api/queues', '/queues/static/js/main.js', '/queues/api/redis/stats']) {
        expect((await get(path, {})).status, path).toBe(401)
        for (const role of ['consumer', 'author', 'admin'])
          expect((await get(path, await bearing(role))).status, `${role} ${path}`).toBe(403)
      }
      const page = await get('/queues', html)
      expect([page.status, await page.text()]).toEqual([401, expect.stringContaining('<form method="post"')])
    },
  )

  test.runIf(there)('a token that was entered is kept for this path alone, out of reach of scripts', async () => {
    const answer = await signIn(await tokenOf('operator'))
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/queues'])
    const kept = answer.headers.get('set-cookie') ?? ''
    expect(kept).toMatch(/; Max-Age=3\d{3};/)
    for (const word of ['Path=/queues', 'HttpOnly', 'Secure', 'SameSite=Strict']) expect(kept).toContain(word)
    expect((await signIn(await tokenOf('operator'), '127.0.0.1:8080')).headers.get('set-cookie')).not.toContain(
      'Secure',
    )
    const cookie = kept.split(';')[0] ?? ''
    expect(await queuesSeen({ cookie })).toContain('"validation"')
    expect((await get('/artifacts', { cookie })).status).toBe(401)
    for (const spoiled of ['keepr_queues=', 'keepr_queues=x.y.z', `${cookie}x`]) {
      expect((await get('/queues/api/queues', { cookie: spoiled })).status, spoiled).toBe(401)
      expect(await (await get('/queues', { ...html, cookie: spoiled })).text()).toContain('<form')
    }
    expect((await signIn(await tokenOf('admin'))).status).toBe(403)
    expect((await signIn('nonsense')).status).toBe(401)
    expect((await signIn('x'.repeat(20_000))).status).toBe(413)
  })

  test.runIf(there)('changes nothing: whatever the board could do to a queue is refused', async () => {
    const operator = await bearing('operator')
    for (const [method, path] of [
      ['PUT', 'validation/pause'],
      ['PUT', 'validation/empty'],
      ['PUT', 'validation/obliterate'],
      ['PUT', 'pause'],
      ['POST', 'validation/add'],
      ['DELETE', 'validation'],
    ] as const) {
      const answer = await app.request(`/queues/api/queues/${path}`, { method, headers: operator })
      expect([answer.status, answer.headers.get('allow')], path).toEqual([405, 'GET, HEAD'])
    }
    expect(await queuesSeen(operator)).not.toContain('"isPaused":true')
  })

  test.runIf(there)('tells of a failure, and not in its words: they may repeat what is stored', async () => {
    const message = { message_id: randomUUIDv7(), generation: 0, group_id: 'acme', refs: [randomUUIDv7()] }
    await publisher.queues.events.addBulk([message])
    let failures = 0
    await using worker = startWorker('events', () => Promise.reject(new Error(`the content is secret ${++failures}`)), {
      settings: settings(),
      concurrency: 1,
      log,
    })
    const operator = await bearing('operator')
    await waitFor(async () => {
      const answer = await (await get(`/queues/api/queues/events/${message.message_id}-0`, operator)).text()
      expect(answer).not.toContain('secret')
      return answer.includes('see the log') || !answer.includes('"job"')
    }, 'the failure to be shown')
    expect(failures).toBeGreaterThan(0)
    expect(worker.health().state).toBe('ok')
  })

  test.runIf(there)('a store that cannot be reached is 503', async () => {
    const nowhere = store === 'Redis' ? 'redis://127.0.0.1:1' : undefined
    await using away = openPublisher({ redisUrl: nowhere, queueDatabaseUrl: 'postgres://127.0.0.1:1/none' }, { log })
    const other = createApp({ ...api.ctx, queueDashboard: createQueueDashboard(away.queues) })
    const answer = await other.request('/queues/api/queues', { headers: await bearing('operator') })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
  })
})
