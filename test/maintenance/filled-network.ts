import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '@keepr/dev-env/data-dir'
import { developmentToken } from '@keepr/dev-env/development-token'
import { freePort } from '@keepr/dev-env/free-port'
import { startNetwork } from '@keepr/dev-env/network'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import type { Sql } from 'postgres'
import { postgres } from '@keepr/db/driver/postgres'

/** What stands in content and metadata and must be found nowhere once it was purged. */
export const CANARY = 'canary-5f1d0c'

export type FilledNetwork = AsyncDisposable & {
  url: string
  dataDir: string
  databaseUrl: string
  admin: Sql
  send: Send
  ids: Ids
  /** Until every run, event and delivery is done. */
  settle(): Promise<void>
  /** Stops everything; its files stay until it is disposed. */
  stop(): Promise<void>
}
export type Ids = Record<'leaky' | 'withdrawn' | 'draft' | 'blocked' | 'restored' | 'binary', string>
type Send = (method: string, path: string, body?: object, headers?: Record<string, string>) => Promise<Answer>
export type Answer = { status: number; headers: Headers; body: Record<string, unknown>; text: string }

/** Everything of Keepr with artifacts in every state, made over HTTP: what is verified, purged and restored in the tests. */
export async function startFilledNetwork(redisUrl?: string): Promise<FilledNetwork> {
  const folder = mkdtempSync(join(tmpdir(), 'keepr-maintenance-'))
  chmodSync(folder, 0o755) // the database's user passes through
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const dataDir = join(folder, 'data')
  const network = stack.use(
    await startNetwork({
      port: await freePort(),
      dataDir,
      configDir: join(root, 'config'),
      durable: false,
      redisUrl,
      env: { LOG_LEVEL: 'error' },
    }),
  )
  const token = await developmentToken({
    group: 'acme',
    user: 'alice',
    roles: ['admin'],
    expires: '1h',
    secret: network.jwtSecret,
  })
  const send: Send = async (method, path, body, headers = {}) => {
    const answer = await fetch(`${network.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.includes('json') === true
    // SAFETY: every JSON answer of the API is an object.
    const parsed = isJson && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {}
    return { status: answer.status, headers: answer.headers, body: parsed, text }
  }
  const admin = postgres(network.databaseUrl, { max: 2, onnotice: () => {} })
  stack.defer(() => admin.end({ timeout: 2 }))
  const settle = async () => {
    await waitFor(
      async () => (await admin`select from outbox`).length === 0,
      'runs, events and deliveries to be done',
      60_000,
    )
  }
  const ids = await fill(send)
  await settle()
  const owned = stack.move()
  return {
    url: network.url,
    dataDir,
    databaseUrl: network.databaseUrl,
    admin,
    send,
    ids,
    settle,
    stop: () => network.stop(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function fill(send: Send): Promise<Ids> {
  const submit = async (body: object, headers: Record<string, string> = {}) => {
    const answer = await send('POST', '/artifacts/', body, { prefer: 'wait=20', ...headers })
    if (answer.status !== 201) throw new Error(`${answer.status}: ${answer.text}`)
    return String(answer.body['id'])
  }
  const must = async (status: number, ...request: Parameters<Send>) => {
    const answer = await send(...request)
    if (answer.status !== status) throw new Error(`${request[1]}: ${answer.status} ${answer.text}`)
  }
  const leaky = await submit(
    {
      name: 'leaky',
      type: 'prompt',
      content: { text: CANARY, n: [1, 2.5, 1e-7] },
      metadata: { tags: [CANARY], description: CANARY, category: CANARY, [CANARY]: CANARY },
    },
    { 'idempotency-key': 'leaky' },
  )
  await must(
    200,
    'PATCH',
    '/artifacts/leaky/1/meta',
    { metadata: { note: `${CANARY} again` } },
    { 'idempotency-key': 'p' },
  )
  await submit({ name: 'copy-of-leaky', type: 'prompt', content: { n: [1, 2.5, 1e-7], text: CANARY } })

  for (const text of ['one', 'two', 'three']) await submit({ name: 'greeting', type: 'prompt', content: { text } })
  const withdrawn = await submit({
    name: 'greeting',
    type: 'prompt',
    content: { text: 'four' },
    metadata: { tags: ['four'] },
  })
  await must(200, 'POST', '/artifacts/greeting/4/rollback', { reason: 'wrong tone' }, { 'idempotency-key': 'back' })
  await must(200, 'POST', '/artifacts/greeting/1/archive')
  await must(200, 'POST', '/artifacts/greeting/1/restore')
  const restored = String((await send('GET', '/artifacts/greeting/1')).body['id'])

  const blocked = await submit({ name: 'script', type: 'python_script', content: { source: `eval("${CANARY}")` } })
  await must(202, 'POST', '/artifacts/script/1/revalidate')
  await submit({ name: 'page', type: 'frontend_plugin', content: '<p>Zażółć</p>', version: '1.0.0-rc.1' })
  const binary = await submit({
    name: 'weights',
    type: 'model_weights',
    content_base64: Buffer.from(CANARY).toString('base64'),
  })
  const made = await send('POST', '/artifacts/', { name: 'idea', type: 'prompt', content: 'a draft', draft: true })
  await must(201, 'POST', '/artifacts/', { name: 'idea', type: 'prompt', content: 'none', draft: true })
  await must(204, 'DELETE', '/artifacts/idea/2')
  return { leaky, withdrawn, draft: String(made.body['id']), blocked, restored, binary }
}
