import { freePort } from '@keepr/dev-env/free-port'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ApiProcess, bearerFor, startApiProcess } from './api-process.ts'

const stack = new AsyncDisposableStack()
let primary: TestDatabase
let replica: TestDatabase
let api: ApiProcess
let metricsUrl: string
let authorization: string

const send = (path: string, method = 'GET', body?: object) =>
  fetch(`${api.url}${path}`, {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
const draft = async (name: string) => {
  const answer = await send('/artifacts/', 'POST', { name, type: 'prompt', draft: true, content: { text: name } })
  expect(answer.status).toBe(201)
  // SAFETY: what a draft is answered with.
  return ((await answer.json()) as { id: string }).id
}
let before: string

// A copy that takes no writes and is behind from the moment at which it was made: as a replica is, but for good.
beforeAll(async () => {
  authorization = await bearerFor('acme', 'alice')
  primary = stack.use(await createTestDatabase())
  api = await startApiProcess(primary)
  before = await draft('before')
  await api[Symbol.asyncDispose]()
  replica = stack.use(await createTestDatabase(primary))
  await primary.admin`alter database ${primary.admin(nameOf(replica))} set default_transaction_read_only = on`
  const metricsPort = await freePort()
  metricsUrl = `http://127.0.0.1:${metricsPort}`
  const env = { DATABASE_READ_URL: replica.urlOf('keepr_api'), METRICS_PORT: `${metricsPort}` }
  api = stack.use(await startApiProcess(primary, env))
}, 90_000)
afterAll(() => stack.disposeAsync(), 60_000)

const nameOf = ({ adminUrl }: TestDatabase) => new URL(adminUrl).pathname.slice(1)

test('reads go to the replica and write nothing there; writes go to the database', async () => {
  const after = await draft('after')
  expect((await send(`/artifacts/by-id/${after}`)).status).toBe(404)
  expect((await send(`/artifacts/before/1`, 'PUT', { content: { text: 'changed' } })).status).toBe(200)
  expect(await (await send(`/artifacts/by-id/${before}`)).json()).toMatchObject({ content: { text: 'before' } })
  for (const path of [
    '/artifacts/',
    '/artifacts/?status=archived',
    '/artifacts/?scope=public',
    '/artifacts/before/versions',
    '/artifacts/before/1',
    '/artifacts/before/1/content',
    '/artifacts/before/diff?from=1&to=1',
    '/artifacts/before/1/events',
    '/types',
  ])
    expect((await send(path)).status, path).toBe(200)
  const list = JSON.stringify(await (await send('/artifacts/')).json())
  expect(list).toContain('"before"')
  expect(list).not.toContain('"after"')
})

test('the feed is read from the database that orders it: of two replicas one may be behind the cursor of the other', async () => {
  const id = await draft('told')
  await waitFor(async () => (await (await send('/events?types=created')).text()).includes(id), 'the event of the draft')
})

test('METRICS_PORT serves metrics, and takes them off the port that others reach', async () => {
  expect((await fetch(`${api.url}/metrics`)).status).toBe(404)
  expect(await (await fetch(`${metricsUrl}/metrics`)).text()).toContain('keepr_http_request_duration_seconds')
  for (const url of [api.url, metricsUrl])
    for (const path of ['/healthz', '/readyz']) expect((await fetch(url + path)).status, url + path).toBe(200)
})

test('a replica that is away costs reads, and no write', async () => {
  await primary.admin`alter database ${primary.admin(nameOf(replica))} allow_connections false`
  await primary.admin`
    select pg_terminate_backend(pid) from pg_stat_activity where datname = ${nameOf(replica)} and usename = 'keepr_api'`
  const read = await waitFor(async () => {
    const answer = await send(`/artifacts/by-id/${before}`)
    return answer.status !== 200 && answer
  }, 'the replica to be missed')
  expect([read.status, read.headers.get('retry-after')]).toEqual([503, '1'])
  await draft('meanwhile')
}, 60_000)
