import { createHash, randomUUIDv7 } from 'node:crypto'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import type { TransactionSql } from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const content = '{"a": 1}'
const hash = createHash('sha256').update(content).digest('hex')
const other = 'f'.repeat(64)

type Given = { name?: string; version?: string; content_hash?: string; of?: string }

/** A submission as its rows stand there; the superuser writes it, whom no policy binds and every rule does. */
async function submitted(sql: TransactionSql, given: Given = {}) {
  const { name = 'greeting', version = '1', content_hash = hash, of = content } = given
  const [id, run] = [randomUUIDv7(), randomUUIDv7()]
  await sql`
    insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
    values ('acme', 'prompt', ${name}, ${version}, ${id}, 'alice', ${content_hash}, 'on_verification', 'internal_only', true)`
  await sql`
    insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind, content_type,
                                 content_size, content_hash, content, json_content, validation_run_id)
    values (${id}, 'acme', 'prompt', ${name}, ${version}, 'on_verification', 'internal_only', 'alice', 'json', 'application/json',
            ${of.length}, ${content_hash}, ${Buffer.from(of)}, ${of}::text::jsonb, ${run})`
  await sql`
    insert into validation_runs (id, group_id, artifact_id, artifact_type, content_hash, kind, requires_validation, deadline)
    values (${run}, 'acme', ${id}, 'prompt', ${content_hash}, 'submission', true, now() + interval '1 day')`
  return { id, run }
}

const undone = new Error('undone')

/** Which rule refuses what the story writes; it is always taken back. */
async function refusalOf(story: (sql: TransactionSql) => Promise<unknown>): Promise<string | undefined> {
  try {
    await database.admin.begin(async (sql) => {
      await story(sql)
      throw undone
    })
  } catch (error) {
    if (error === undone) return undefined
    // SAFETY: what PostgreSQL refuses comes as an error with the name of the rule.
    return (error as { constraint_name?: string }).constraint_name
  }
  return undefined
}

test('a submission as it should be is refused by no rule', async () => {
  for (const version of ['1', '2147483647', '1.0.0', '1.0.0-rc.1', `1.0.0-${'a'.repeat(58)}`])
    expect(await refusalOf((sql) => submitted(sql, { name: 'n'.repeat(128), version }))).toBeUndefined()
})

test.for<[string, string, Given]>([
  ['content_hash_is_sha256', 'a digit too few', { content_hash: hash.slice(1) }],
  ['content_hash_is_sha256', 'a digit too many', { content_hash: `${hash}0` }],
  ['content_hash_is_sha256', 'an upper-case hash', { content_hash: hash.toUpperCase() }],
  ['content_matches_its_hash', 'the hash of other content', { content_hash: other }],
  ['name_is_semantic', 'an empty name', { name: '' }],
  ['name_is_semantic', 'a name that is too long', { name: 'n'.repeat(129) }],
  ['name_is_semantic', 'a name with a space', { name: 'two words' }],
  ['name_is_semantic', 'a name on two lines', { name: 'two\nlines' }],
  ['name_is_semantic', 'a reserved name', { name: 'cleanup' }],
  ['version_is_integer_or_semver', 'version zero', { version: '0' }],
  ['version_is_integer_or_semver', 'a version that begins with zero', { version: '01' }],
  ['version_is_integer_or_semver', 'half a version', { version: '1.0' }],
  ['version_is_integer_or_semver', 'a version that is too long', { version: `1.0.0-${'a'.repeat(59)}` }],
])('%s refuses %s', async ([rule, , given]) => {
  // The hash is looked at before its form is, wherever the content has another.
  const refusal = await refusalOf(async (sql) => {
    if (rule === 'content_hash_is_sha256') await sql`alter table artifact_active disable trigger artifact_insert_guard`
    await sql`alter table artifact_versions alter column version_sort drop expression, alter column version_sort drop not null`
    await sql`alter table artifact_active alter column version_sort drop expression, alter column version_sort drop not null`
    await submitted(sql, given)
  })
  expect(refusal).toBe(rule)
})

type Written = Awaited<ReturnType<typeof submitted>>
test.for<[string, string, (sql: TransactionSql, row: Written) => Promise<unknown>]>([
  [
    'runs_begin_without_verdict',
    'a run that begins with its verdict',
    (sql, { id }) =>
      sql`insert into validation_runs (id, group_id, artifact_id, artifact_type, content_hash, kind, state, requires_validation, deadline, checked_at)
          values (${randomUUIDv7()}, 'acme', ${id}, 'prompt', ${hash}, 'submission', 'passed', true, now(), now())`,
  ],
  [
    'run_subject_is_immutable',
    'a run for other content',
    (sql, { run }) => sql`update validation_runs set content_hash = ${other} where id = ${run}`,
  ],
  [
    'required_validation_is_not_skipped',
    'a verdict without the validation that is required',
    (sql, { run }) => sql`update validation_runs set state = 'not_required', checked_at = now() where id = ${run}`,
  ],
  [
    'verdict_is_final',
    'another verdict',
    async (sql, { run }) => {
      await sql`update validation_runs set state = 'failed', checked_at = now() where id = ${run}`
      await sql`update validation_runs set state = 'passed' where id = ${run}`
    },
  ],
  [
    'used_versions_stay_used',
    'a version that somebody else made',
    (sql, { id }) =>
      sql`update artifact_versions set created_by = 'mallory' where group_id = 'acme' and artifact_id = ${id}`,
  ],
  [
    'used_versions_stay_used',
    'a version that was never used all of a sudden',
    (sql, { id }) =>
      sql`update artifact_versions set submitted = false where group_id = 'acme' and artifact_id = ${id}`,
  ],
  [
    'used_versions_stay_used',
    'a used version that is given back',
    (sql, { id }) => sql`delete from artifact_versions where group_id = 'acme' and artifact_id = ${id}`,
  ],
  [
    'published_by_verdict_only',
    'a publication without verdict',
    (sql, { id }) => sql`update artifact_active set status = 'published', published_at = now() where id = ${id}`,
  ],
])('%s refuses %s', async ([rule, , change]) => {
  expect(await refusalOf(async (sql) => change(sql, await submitted(sql)))).toBe(rule)
})

test('a feed tells of events of its group only, however many a statement places', async () => {
  const placed = (sql: TransactionSql, group: string, ids: readonly string[]) => sql`
    insert into event_feed (group_id, position, event_id)
    select ${group}, place, id from unnest(${[...ids]}::uuid[]) with ordinality as given (id, place)`
  const told = async (sql: TransactionSql) => {
    const { id: artifact } = await submitted(sql)
    const ids = [randomUUIDv7(), randomUUIDv7()]
    await sql`
      insert into artifact_events (id, group_id, artifact_id, type, name, version, sequence, event_type, actor, status, usage_policy,
                                   content_hash, created_by, was_published)
      select id, 'acme', ${artifact}, 'prompt', 'greeting', '1', place, 'created', 'alice', 'on_verification', 'internal_only', ${hash},
             'alice', false
        from unnest(${ids}::uuid[]) with ordinality as given (id, place)`
    return ids
  }
  const rule = 'feed_tells_of_events_of_the_group'
  expect(await refusalOf(async (sql) => placed(sql, 'acme', await told(sql)))).toBeUndefined()
  expect(await refusalOf(async (sql) => placed(sql, 'globex', await told(sql)))).toBe(rule)
  expect(await refusalOf(async (sql) => placed(sql, 'acme', [...(await told(sql)), randomUUIDv7()]))).toBe(rule)
})
