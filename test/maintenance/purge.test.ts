import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connectMaintenance } from '@keepr/db/connect-maintenance'
import { verify } from '@keepr/db/verify/verify'
import { root } from '@keepr/dev-env/data-dir'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CANARY, type FilledNetwork, startFilledNetwork } from './filled-network.ts'

let network: FilledNetwork

beforeAll(async () => {
  network = await startFilledNetwork()
  // As a validator and a subscriber may quote what they were told.
  await network.admin.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    await sql`update validation_runs set findings = ${sql.json([{ severity: 'error', code: 'x', message: CANARY }])}, report_url = ${`https://checkr.test/${CANARY}`}
               where artifact_id = ${network.ids.blocked}`
    await sql`update validation_tries set reason = ${`unreadable: ${CANARY}`}
               where run_id in (select id from validation_runs where artifact_id = ${network.ids.blocked})`
    await sql`update webhook_attempts set response_head = ${`thanks for ${CANARY}`}
               where delivery_id in (select d.id from webhook_deliveries d join artifact_events e on e.id = d.event_id
                                      where e.artifact_id = ${network.ids.blocked})`
  })
}, 90_000)
afterAll(() => network[Symbol.asyncDispose](), 30_000)

test('after a purge nothing of the content is anywhere in the database, and reads answer 410', async () => {
  const { leaky, blocked, binary } = network.ids
  const tables = [
    'artifact_active',
    'artifact_events',
    'idempotency_keys',
    'validation_runs',
    'validation_tries',
    'webhook_attempts',
    'webhook_deliveries',
  ]
  expect(await tablesWithCanary()).toEqual(tables)
  // So that the API has it in its cache, and the client an ETag.
  const before = await network.send('GET', '/artifacts/leaky/1/content')
  expect(before.text).toContain(CANARY)

  const dry = await npmRunPurge([leaky])
  expect(dry.stdout).toContain('Nothing was changed')
  expect(dry.stdout).toMatch(/kept by 1 other version[^]*copy-of-leaky/u)
  expect(await tablesWithCanary()).toEqual(tables)

  const done = await npmRunPurge([leaky, '--reason', 'leaked-token', '--by', 'olga', '--yes'])
  expect(done.stdout).toMatch(/purged: .*artifact_active 1/u)
  expect(done.code).toBe(0)
  for (const etag of ['"none"', before.headers.get('etag') ?? '']) {
    const read = await network.send('GET', '/artifacts/leaky/1/content', undefined, { 'if-none-match': etag })
    expect([read.status, read.body['type']]).toEqual([410, 'urn:keepr:problem:purged'])
  }
  const view = await network.send('GET', '/artifacts/leaky/1')
  expect(view.body).toMatchObject({ id: leaky, status: 'published', usable: false, metadata: {} })
  expect(view.body).not.toHaveProperty('content')
  expect(view.body['content_hash']).toBe(JSON.parse(before.headers.get('etag') ?? ''))
  const events = await network.send('GET', '/artifacts/leaky/1/events')
  expect(events.text).not.toContain(CANARY)
  expect(events.body['items']).toContainEqual(
    expect.objectContaining({
      event_type: 'purged',
      actor: 'system:maintenance',
      event_data: { reason: 'leaked-token', by: 'olga' },
    }),
  )
  // The others that hold it are as they were, until they are purged too: by their hash, and by their coordinates.
  expect((await network.send('GET', '/artifacts/copy-of-leaky/1/content')).text).toContain(CANARY)
  await npmRunPurge(['--content-hash', String(view.body['content_hash']), '--yes'])
  await npmRunPurge(['--group', 'acme', '--name', 'script', '--version', '1', '--yes'])
  await npmRunPurge([blocked, binary, '--yes'])
  await network.settle()
  expect(await tablesWithCanary()).toEqual([])
})

test('a kept answer is given as 410, and purging again tells of no second purge', async () => {
  const body = {
    name: 'leaky',
    type: 'prompt',
    content: { text: CANARY, n: [1, 2.5, 1e-7] },
    metadata: { tags: [CANARY], description: CANARY, category: CANARY, [CANARY]: CANARY },
  }
  const replayed = await network.send('POST', '/artifacts/', body, { prefer: 'wait=20', 'idempotency-key': 'leaky' })
  expect([replayed.status, replayed.headers.get('idempotent-replayed')]).toEqual([410, 'true'])
  const again = await npmRunPurge([network.ids.leaky, '--yes'])
  expect(again.stdout).toContain('purged already')
  const [events] = await network.admin<{ count: number }[]>`
    select count(*)::int as count from artifact_events where artifact_id = ${network.ids.leaky} and event_type = 'purged'`
  expect(events?.count).toBe(1)
})

test('what was purged from the history does not come back, and the same content may be submitted anew', async () => {
  await npmRunPurge([network.ids.withdrawn, '--yes'])
  const restored = await network.send('POST', '/artifacts/greeting/4/restore')
  expect([restored.status, restored.body['type']]).toEqual([409, 'urn:keepr:problem:not-restorable'])
  const read = await network.send('GET', '/artifacts/greeting/4/content')
  expect(read.status).toBe(410)
  const anew = await network.send(
    'POST',
    '/artifacts/',
    { name: 'leaky', type: 'prompt', content: { text: CANARY, n: [1, 2.5, 1e-7] } },
    { prefer: 'wait=20' },
  )
  expect([anew.status, anew.body['version']]).toEqual([201, '2'])
  await npmRunPurge([String(anew.body['id']), '--yes'])
  await network.settle()
  expect(await tablesWithCanary()).toEqual([])
})

test('a discarded draft leaves its events, and they are purged', async () => {
  const draft = { name: 'gone', type: 'prompt', content: 'x', metadata: { note: CANARY }, draft: true }
  const made = await network.send('POST', '/artifacts/', draft)
  await network.send('PATCH', '/artifacts/gone/1/meta', { metadata: { note: null } })
  expect((await network.send('DELETE', '/artifacts/gone/1')).status).toBe(204)
  expect(await tablesWithCanary()).toContain('artifact_events')
  await npmRunPurge([String(made.body['id']), '--yes'])
  await network.settle()
  expect(await tablesWithCanary()).toEqual([])
})

test('verify finds everything as promised after all of it', async () => {
  await using maintenance = await connectMaintenance({
    url: network.databaseUrl,
    applicationName: 'test',
    readOnly: true,
  })
  const faults: unknown[] = []
  await verify(maintenance.sql, { onFault: (fault) => void faults.push(fault) })
  expect(faults).toEqual([])
})

test('a mistaken call changes nothing and says what was expected', async () => {
  expect(await npmRunPurge(['--yes'])).toMatchObject({ code: 1, stdout: expect.stringContaining('say what') })
  expect(await npmRunPurge(['no-id', '--yes'])).toMatchObject({ code: 1, stdout: expect.stringContaining('is no id') })
  const unknown = ['--group', 'acme', '--name', 'leaky', '--version', '77', '--yes']
  expect(await npmRunPurge(unknown)).toMatchObject({ code: 1, stdout: expect.stringContaining('nothing in') })
})

/** A dump of every row of every table, the queue's too, as text: bytes are in hex there. */
async function tablesWithCanary(): Promise<string[]> {
  const tables = await network.admin<{ schema: string; name: string }[]>`
    select table_schema as schema, table_name as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by table_name`
  const found = new Set<string>()
  const hex = Buffer.from(CANARY).toString('hex')
  for (const { schema, name } of tables) {
    const rows = await network.admin<
      { row: string }[]
    >`select t::text as row from ${network.admin(schema)}.${network.admin(name)} t`
    if (rows.some(({ row }) => row.includes(CANARY) || row.includes(hex))) found.add(name)
  }
  return [...found]
}

/** The command as an operator runs it, once with a URL and not the data folder. */
async function npmRunPurge(args: string[]): Promise<{ code: number; stdout: string }> {
  const env = { ...process.env, DATABASE_URL: network.databaseUrl }
  return await promisify(execFile)(process.execPath, [join(root, 'packages/dev-env/src/purge.ts'), ...args], { env })
    .then(({ stdout }) => ({ code: 0, stdout }))
    .catch((error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      stdout: error.stdout + error.stderr,
    }))
}
