import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { httpPeer, type HttpPeer, json } from './support/http-peer.ts'
import { submitted } from './support/submitted.ts'

let database: TestDatabase
let peer: HttpPeer
let folder: string
beforeAll(async () => {
  database = await createTestDatabase()
  peer = await httpPeer(json(200, { valid: true }))
  folder = await mkdtemp(join(tmpdir(), 'keepr-types-'))
  await chmod(folder, 0o755)
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await peer[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

const configure = (path: string) =>
  writeFile(
    join(folder, 'artifact_type_config.yaml'),
    `types:\n  checked:\n    requires_validation: true\n    validator:\n      url: ${peer.url}${path}\n      headers: { authorization: 'Bearer {{CHECKR_TOKEN}}' }\n`,
  )

function startWorkerProcess() {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../src/main.ts', import.meta.url))], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: database.urlOf('keepr_validation'),
      QUEUE_DATABASE_URL: database.urlOf('keepr_queue'),
      KEEPR_CONFIG_DIR: folder,
      OUTBOUND_ALLOW_ADDRESSES: '127.0.0.1',
      CHECKR_TOKEN: 'a-secret-that-nobody-sees',
      CONFIG_POLL_INTERVAL: '100ms',
      METRICS_PORT: '0',
      LOG_LEVEL: 'debug',
    },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return { child, output: () => output }
}

/** Every row of every table, those of the queue included. */
async function everythingStored(): Promise<string> {
  const tables = await database.admin<{ schema: string; name: string }[]>`
    select schemaname as schema, tablename as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema')`
  const rows = []
  for (const { schema, name } of tables)
    rows.push(
      ...(await database.admin<
        { row: string }[]
      >`select t::text as row from ${database.admin(schema)}.${database.admin(name)} t`),
    )
  expect(rows.length).toBeGreaterThan(10)
  return rows.map(({ row }) => row).join('\n')
}

describe('the validation worker as a process', () => {
  it('settles what was accepted, picks up a changed configuration, serves its state and ends in order', async () => {
    await configure('/first')
    const api = database.connectAs('keepr_api')
    const early = await submitted(database, api)
    const { child, output } = startWorkerProcess()
    const statusOf = async (id: string) => {
      const [row] = await database.admin<{ status: string }[]>`select status from artifact_active where id = ${id}`
      return row?.status
    }
    await waitFor(async () => (await statusOf(early.id)) === 'published', 'the verdict on what waited')
    expect(peer.requests[0]).toMatchObject({
      path: '/first',
      headers: { authorization: 'Bearer a-secret-that-nobody-sees' },
    })

    await configure('/second')
    await waitFor(() => output().includes('the configuration was reloaded'), 'the reload')
    // A validator that repeats what it was sent puts its token into places that are stored and announced.
    const finding = { severity: 'info', code: 'echo', message: 'sent: Bearer a-secret-that-nobody-sees' }
    peer.behave(json(200, { valid: true, findings: [finding] }))
    const later = await submitted(database, api)
    await waitFor(async () => (await statusOf(later.id)) === 'published', 'the verdict after the reload')
    expect(peer.requests.at(-1)?.path).toBe('/second')

    const port = /"metrics_port":(\d+)/.exec(output())?.[1]
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(metrics).toMatch(/keepr_validation_outcomes_total\{[^}]*outcome="passed"[^}]*\} 2/)
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)

    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
    expect(output()).not.toContain('a-secret-that-nobody-sees')
    expect(await everythingStored()).not.toContain('a-secret-that-nobody-sees')
  })

  it('tries at once what waits for the operator when the configuration has changed', async () => {
    await configure('/wrong')
    peer.behave(json(404, {}))
    const { child, output } = startWorkerProcess()
    await waitFor(() => output().includes('the validation worker is ready'), 'the start')
    const artifact = await submitted(database, database.connectAs('keepr_api'))
    await waitFor(() => output().includes('needs the operator'), 'the mistake')
    peer.behave(json(200, { valid: true }))
    await configure('/right')
    await waitFor(async () => {
      const [row] = await database.admin`select status from artifact_active where id = ${artifact.id}`
      return row?.['status'] === 'published'
    }, 'the verdict')
    expect(peer.requests.at(-1)?.path).toBe('/right')
    child.kill('SIGTERM')
    await once(child, 'exit')
  })

  it(
    'killed in the middle of a call leaves the run to the next one: one verdict, one event',
    { timeout: 90_000 },
    async () => {
      await configure('/third')
      peer.behave(() => {})
      const api = database.connectAs('keepr_api')
      const artifact = await submitted(database, api)
      const seen = peer.requests.length
      const first = startWorkerProcess()
      await waitFor(() => peer.requests.length > seen, 'the call that never ends')
      first.child.kill('SIGKILL')
      await once(first.child, 'exit')

      peer.behave(json(200, { valid: true }))
      const second = startWorkerProcess()
      const events = () => database.admin<{ event_type: string }[]>`
      select event_type from artifact_events where artifact_id = ${artifact.id}`
      await waitFor(async () => (await events()).length > 0, 'the verdict', 60_000)
      expect(await events()).toEqual([{ event_type: 'published' }])
      second.child.kill('SIGTERM')
      await once(second.child, 'exit')
      expect(await database.admin`select from outbox where kind = 'validate_run'`).toHaveLength(0)
    },
  )
})
