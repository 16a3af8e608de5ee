import { randomUUIDv7 } from 'node:crypto'
import { listStandingVersions } from '@keepr/db/history/list-standing-versions'
import { startRelay } from '@keepr/db/outbox/relay'
import { createTestDatabase } from '@keepr/dev-env/testing/database'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import type { Sql } from 'postgres'
import { expect, test } from 'vitest'
import { openExplained } from './explained.ts'

const versionsThatHaveJustCome = (sql: Sql) => sql`
  insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
  select 'acme', 'prompt', 'just-come', version, gen_random_uuid(), 'alice', repeat('0', 64), 'published', 'internal_only', true
    from generate_series(1, 2000) version`

test('a row is found by its key soon also where its table was planned for as it was empty', async () => {
  await using database = await createTestDatabase()
  await using explained = await openExplained(database, 'keepr_validation')
  const rowsTouched = async (artifactId: string) => {
    const plans = await explained.plansOf(
      (tx) => tx`select version from artifact_versions where group_id = 'acme' and artifact_id = ${artifactId}`,
    )
    return Math.max(...plans.map((plan) => plan.rowsTouched))
  }
  await rowsTouched(randomUUIDv7())
  await versionsThatHaveJustCome(database.admin)
  const [{ artifact_id } = { artifact_id: '' }] = await database.admin<{ artifact_id: string }[]>`
    select artifact_id from artifact_versions where version = '1000'`
  expect(await rowsTouched(artifact_id)).toBeGreaterThan(1000) // all that begins with the group
  await using _relay = startRelay({
    db: database.connectAs('keepr_webhook'),
    publish: async () => [],
    pollMs: 20,
    log: { warn: () => {}, error: () => {} },
  })
  await waitFor(async () => (await rowsTouched(artifact_id)) === 1, 'the table to be analysed')
})

test('the versions of a name are read once, also while the statistics know nothing yet of thousands that have just come', async () => {
  await using database = await createTestDatabase()
  await database.admin.begin(async (sql) => {
    await sql`set local session_replication_role = replica` // the lifecycle of each is not what is looked at
    await sql`analyze artifact_versions, artifact_active, artifact_history`
    await sql`
      insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind,
                                   content_type, content_size, content_hash, content, published_at)
      select gen_random_uuid(), 'acme', 'prompt', 'just-come', version, 'published', 'internal_only', 'alice', 'text',
             'text/plain', 1, repeat('0', 64), 'x', now()
        from generate_series(1, 2000) version`
    await sql`
      insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
      select group_id, type, name, version, id, created_by, content_hash, status, usage_policy, true from artifact_active`
  })
  await using explained = await openExplained(database)
  const plans = await explained.plansOf(async (tx) => {
    await tx`select set_config('enable_seqscan', 'off', true)` // as writes of users are planned
    expect(await listStandingVersions(tx, { group_id: 'acme', type: 'prompt', name: 'just-come' })).toHaveLength(2000)
  })
  for (const { text, rowsTouched } of plans) expect(rowsTouched, text).toBeLessThanOrEqual(2000)
})
