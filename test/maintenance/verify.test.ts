import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { connectMaintenance } from '@keepr/db/connect-maintenance'
import type { Fault } from '@keepr/db/verify/scan'
import { verify } from '@keepr/db/verify/verify'
import { root } from '@keepr/dev-env/data-dir'
import type postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FilledNetwork, startFilledNetwork } from './filled-network.ts'

let network: FilledNetwork

beforeAll(async () => {
  network = await startFilledNetwork()
}, 90_000)
afterAll(() => network[Symbol.asyncDispose](), 30_000)

type Corrupt = (sql: postgres.Sql) => Promise<unknown>

/** What verify finds after a corruption made without any guard, in one transaction that is rolled back. */
async function faultsAfter(corrupt: Corrupt): Promise<Fault[]> {
  const found: Fault[] = []
  await network.admin
    .begin(async (connection) => {
      // SAFETY: a transaction runs queries like the connection that it is made from.
      const sql = connection as unknown as postgres.Sql
      await sql`set local session_replication_role = replica`
      await corrupt(sql)
      await sql`set local role keepr_maintenance`
      await verify(sql, { onFault: (fault) => void found.push(fault), limits: { rows: 3, bytes: 64 } })
      throw new Error('rolled back')
    })
    .catch((error: unknown) => {
      if (!(error instanceof Error) || error.message !== 'rolled back') throw error
    })
  return found
}

const inTable = (faults: Fault[], table: string) =>
  faults.filter((fault) => fault.table === table).map(({ promise }) => promise)

test('what the services made is as promised, in every table', async () => {
  await using maintenance = await connectMaintenance({
    url: network.databaseUrl,
    applicationName: 'test',
    readOnly: true,
  })
  const faults: Fault[] = []
  const { tables } = await verify(maintenance.sql, { onFault: (fault) => void faults.push(fault) })
  expect(faults).toEqual([])
  for (const table of [
    'artifact_active',
    'artifact_history',
    'artifact_versions',
    'artifact_names',
    'artifact_events',
    'event_feed',
    'validation_runs',
    'webhook_deliveries',
    'idempotency_keys',
  ] as const) {
    const [count] = await network.admin`select count(*)::int as rows from ${network.admin(table)}`
    expect(count?.['rows']).toBeGreaterThan(0)
    expect([table, tables.get(table)]).toEqual([table, count?.['rows']])
  }
})

test('maintenance looks only as a role that sees everything', async () => {
  const url = new URL(network.databaseUrl)
  await network.admin`create role outsider login password 'x'`
  url.username = 'outsider'
  url.password = 'x'
  await expect(connectMaintenance({ url: url.href, applicationName: 'test', readOnly: true })).rejects.toThrow(/role/)
})

// Each fault as an operator may meet it: the promise that is broken, the table, and how it came about.
const corruptions: [promise: string, table: string, corrupt: Corrupt][] = [
  [
    'content_matches_its_hash',
    'artifact_active',
    (sql) =>
      sql`update artifact_active set content = set_bit(content, 3, 1 - get_bit(content, 3)) where id = ${network.ids.leaky}`,
  ],
  [
    'content_matches_its_hash',
    'artifact_history',
    (sql) =>
      sql`update artifact_history set content = set_byte(content, 0, 0) where original_id = ${network.ids.withdrawn}`,
  ],
  [
    'content_has_its_size',
    'artifact_active',
    (sql) => sql`update artifact_active set content_size = content_size + 1 where id = ${network.ids.binary}`,
  ],
  [
    'json_content_equals_the_bytes',
    'artifact_active (JSON)',
    (sql) =>
      sql`update artifact_active set json_content = jsonb_set(json_content, '{text}', '"other"') where id = ${network.ids.leaky}`,
  ],
  [
    'json_content_equals_the_bytes',
    'artifact_history (JSON)',
    (sql) => sql`update artifact_history set json_content = '{}' where original_id = ${network.ids.withdrawn}`,
  ],
  [
    'derived_columns_follow_metadata',
    'artifact_active',
    async (sql) => {
      await sql`alter table artifact_active alter column tags drop expression`
      await sql`update artifact_active set tags = '["other"]' where id = ${network.ids.leaky}`
    },
  ],
  [
    'version_sorts_by_precedence',
    'artifact_versions',
    async (sql) => {
      await sql`alter table artifact_versions alter column version_sort drop expression`
      await sql`update artifact_versions set version_sort = decode('00', 'hex') where artifact_id = ${network.ids.leaky}`
    },
  ],
  [
    'version_is_in_the_ledger',
    'artifact_active',
    (sql) => sql`delete from artifact_versions where artifact_id = ${network.ids.leaky}`,
  ],
  [
    'version_is_in_the_ledger',
    'artifact_history',
    (sql) =>
      sql`update artifact_versions set content_hash = repeat('0', 64) where artifact_id = ${network.ids.withdrawn}`,
  ],
  [
    'used_versions_have_a_row',
    'artifact_versions',
    (sql) => sql`delete from artifact_active where id = ${network.ids.binary}`,
  ],
  [
    'used_versions_stay_used',
    'artifact_versions',
    (sql) => sql`update artifact_versions set submitted = false where artifact_id = ${network.ids.binary}`,
  ],
  [
    'artifact_is_in_one_place',
    'artifact_active',
    (sql) => sql`update artifact_history set restored_at = null where original_id = ${network.ids.restored}`,
  ],
  [
    'published_by_verdict_only',
    'artifact_active',
    (sql) => sql`update validation_runs set state = 'failed' where artifact_id = ${network.ids.leaky}`,
  ],
  [
    'published_by_verdict_only',
    'artifact_active',
    (sql) => sql`update validation_runs set content_hash = repeat('0', 64) where artifact_id = ${network.ids.leaky}`,
  ],
  [
    'archived_was_published',
    'artifact_history',
    (sql) => sql`delete from validation_runs where artifact_id = ${network.ids.withdrawn}`,
  ],
  [
    'restored_is_the_same',
    'artifact_history',
    (sql) => sql`update artifact_active set content_type = 'text/html' where id = ${network.ids.restored}`,
  ],
  [
    'archiving_is_told',
    'artifact_history',
    (sql) => sql`delete from artifact_events where artifact_id = ${network.ids.withdrawn} and event_type = 'rollback'`,
  ],
  [
    'restoring_is_told',
    'artifact_history',
    (sql) =>
      sql`update artifact_events set event_type = 'archived' where artifact_id = ${network.ids.restored} and event_type = 'restored'`,
  ],
  [
    'verification_waits_for_a_run',
    'artifact_active',
    (sql) => sql`update artifact_active set status = 'on_verification' where id = ${network.ids.leaky}`,
  ],
  [
    'blocked_has_a_reason',
    'artifact_active',
    (sql) => sql`update artifact_active set blocked_reason = null where id = ${network.ids.blocked}`,
  ],
  [
    'last_event_tells_the_state',
    'artifact_versions',
    (sql) => sql`update artifact_versions set status = 'blocked' where artifact_id = ${network.ids.leaky}`,
  ],
  [
    'versions_of_a_name_are_of_one_kind',
    'artifact_versions',
    (sql) => sql`update artifact_names set versioning = 'semver' where name = 'leaky'`,
  ],
  [
    'sequence_has_no_gap',
    'artifact_names',
    (sql) => sql`delete from artifact_events where name = 'greeting' and sequence = 2`,
  ],
  [
    'sequence_has_no_gap',
    'artifact_names',
    (sql) => sql`update artifact_names set last_sequence = last_sequence + 1 where name = 'leaky'`,
  ],
  [
    'events_follow_the_lifecycle',
    'artifact_names',
    (sql) =>
      sql`update artifact_events set status = 'draft' where artifact_id = ${network.ids.leaky} and event_type = 'published'`,
  ],
  [
    'feed_keeps_the_order_of_a_name',
    'artifact_names',
    (sql) =>
      sql`update event_feed set position = 1 where event_id = (select id from artifact_events where name = 'leaky' order by sequence desc limit 1)`,
  ],
  [
    'event_is_of_an_artifact',
    'artifact_events',
    (sql) => sql`update artifact_events set artifact_id = gen_random_uuid() where name = 'leaky' and sequence = 1`,
  ],
  [
    'event_reaches_the_feed',
    'artifact_events',
    (sql) =>
      sql`delete from event_feed where event_id = (select id from artifact_events where name = 'leaky' and sequence = 1)`,
  ],
  [
    'feed_tells_of_events_of_the_group',
    'event_feed',
    (sql) =>
      sql`update event_feed set group_id = 'other' where event_id = (select id from artifact_events where name = 'leaky' and sequence = 1)`,
  ],
  [
    'run_is_of_its_artifact',
    'validation_runs',
    (sql) => sql`update validation_runs set artifact_type = 'chain' where artifact_id = ${network.ids.leaky}`,
  ],
  [
    'open_run_has_a_message',
    'validation_runs',
    (sql) => sql`update validation_runs set state = 'waiting' where artifact_id = ${network.ids.leaky}`,
  ],
  [
    'open_run_is_waited_for',
    'validation_runs',
    (sql) => sql`update validation_runs set state = 'held' where artifact_id = ${network.ids.leaky}`,
  ],
  [
    'message_refers_to_something',
    'outbox',
    (sql) =>
      sql`insert into outbox (id, kind, lane, group_id, refs) values (gen_random_uuid(), 'validate_run', 'prompt', 'acme', array[gen_random_uuid()])`,
  ],
  [
    'no_message_is_set_aside',
    'outbox',
    (sql) =>
      sql`insert into outbox (id, kind, lane, group_id, refs, quarantined_at) select gen_random_uuid(), 'validate_run', 'prompt', 'acme', array[id], now() from validation_runs limit 1`,
  ],
  [
    'delivery_is_of_an_event',
    'webhook_deliveries',
    (sql) =>
      sql`update webhook_deliveries set event_id = gen_random_uuid() where id = (select id from webhook_deliveries limit 1)`,
  ],
  [
    'pending_delivery_has_a_message',
    'webhook_deliveries',
    (sql) =>
      sql`update webhook_deliveries set state = 'pending' where id = (select id from webhook_deliveries limit 1)`,
  ],
  [
    'payload_tells_of_its_event',
    'webhook_deliveries',
    (sql) => sql`update webhook_deliveries set payload = '{}' where id = (select id from webhook_deliveries limit 1)`,
  ],
  [
    'kept_answer_can_be_given',
    'idempotency_keys',
    (sql) => sql`update idempotency_keys set answer_body = 'cut o' where key = 'leaky'`,
  ],
  [
    'recheck_counts_its_runs',
    'rechecks',
    (sql) =>
      sql`insert into rechecks (id, artifact_type, simulate, requested_by, started) values (gen_random_uuid(), 'prompt', false, 'ops', 3)`,
  ],
  [
    'trigger_is_enabled',
    'guards of the schema',
    (sql) => sql`alter table artifact_history disable trigger history_guard`,
  ],
  ['trigger_is_enabled', 'guards of the schema', (sql) => sql`drop trigger artifact_content_guard on artifact_active`],
  ['rows_are_secured', 'guards of the schema', (sql) => sql`alter table outbox no force row level security`],
  [
    'constraint_is_valid',
    'guards of the schema',
    (sql) => sql`alter table artifact_active add constraint late check (id is not null) not valid`,
  ],
]

describe('verify finds', () => {
  test.for(corruptions)('%s, broken in %s', async ([promise, table, corrupt]) => {
    expect(inTable(await faultsAfter(corrupt), table)).toContain(promise)
  })

  test('nothing where nothing was changed', async () => {
    expect(await faultsAfter(async () => {})).toEqual([])
  })
})

test('a flipped bit is never sent: the read fails, and verify names the artifact', async () => {
  const { id, hash } = await flip('weights')
  try {
    const read = await network.send('GET', '/artifacts/weights/1/content')
    expect(read.status).toBe(500)
    expect(read.body).toMatchObject({ type: 'urn:keepr:problem:content-damaged', status: 500 })
    expect(read.text).not.toContain('canary')
    const { code, stdout } = await npmRunVerify()
    expect([code, stdout]).toEqual([1, expect.anything()])
    expect(stdout).toMatch(new RegExp(`content_matches_its_hash +artifact_active ${id}`, 'u'))
  } finally {
    await flip('weights')
  }
  const { code, stdout } = await npmRunVerify()
  expect(stdout).toContain('Everything is as promised')
  expect(code).toBe(0)
  expect((await network.send('GET', '/artifacts/weights/1/content')).headers.get('etag')).toBe(`"${hash}"`)
})

/** Where no guard looks: as a disk does it. */
async function flip(name: string): Promise<{ id: string; hash: string }> {
  const rows = await network.admin.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    return await sql<{ id: string; hash: string }[]>`
      update artifact_active set content = set_bit(content, 0, 1 - get_bit(content, 0)) where name = ${name}
      returning id, content_hash as hash`
  })
  const [row] = rows
  if (!row) throw new Error(`there is no ${name}`)
  return row
}

/** The command as an operator runs it, on the data folder of npm start. */
async function npmRunVerify(): Promise<{ code: number; stdout: string }> {
  const env = { ...process.env, KEEPR_DATA_DIR: network.dataDir, DATABASE_URL: '' }
  return await promisify(execFile)(process.execPath, [join(root, 'packages/dev-env/src/verify.ts')], { env })
    .then(({ stdout }) => ({ code: 0, stdout }))
    .catch((error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      stdout: error.stdout + error.stderr,
    }))
}
