import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { afterAll, beforeAll, expect, it } from 'vitest'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

it('what a publication changes in the ledger and in the names is in no index, and their pages keep room for it', async () => {
  const named = await database.admin`
    select i.indexrelid::regclass::text as index, a.attname as column
      from pg_index i join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
      join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
     where d.refclassid = 'pg_class'::regclass and d.refobjid in ('artifact_versions'::regclass, 'artifact_names'::regclass)
       and a.attname in ('status', 'usage_policy', 'content_hash', 'submitted', 'last_sequence')`
  expect(named).toHaveLength(0)
  const kept = await database.admin`
    select relname from pg_class
     where relname in ('artifact_versions', 'artifact_names') and reloptions @> array['fillfactor=50']`
  expect(kept).toHaveLength(2)
})

it('the ledger follows each of the artifacts that one statement changes, and no other', async () => {
  const artifacts = ['public', 'restricted', 'internal_only'].map((policy) => ({
    name: policy,
    id: crypto.randomUUID(),
  }))
  await database.admin.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    await sql`
      insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
      select 'acme', 'prompt', name, '1', id, 'alice', repeat('0', 64), 'draft', 'internal_only', false
        from jsonb_to_recordset(${sql.json(artifacts)}) as g (name text, id uuid)`
    await sql`
      insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind, content_type,
                                   content_size, content_hash, content)
      select id, 'acme', 'prompt', name, '1', 'draft', 'internal_only', 'alice', 'text', 'text/plain', 1, repeat('0', 64), 'x'
        from jsonb_to_recordset(${sql.json(artifacts)}) as g (name text, id uuid)`
  })
  await database.admin`update artifact_active set usage_policy = name where group_id = 'acme' and name <> 'internal_only'`
  const ledger = await database.admin<{ name: string; usage_policy: string; submitted: boolean }[]>`
    select name, usage_policy, submitted from artifact_versions where group_id = 'acme'`
  expect(ledger).toHaveLength(artifacts.length)
  for (const { name, usage_policy, submitted } of ledger)
    expect({ usage_policy, submitted }).toEqual({ usage_policy: name, submitted: false })
})
