import { createHash, randomUUIDv7 } from 'node:crypto'
import { postgres } from '@keepr/db/driver/postgres'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import type { Sql } from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

type Service = 'keepr_api' | 'keepr_validation' | 'keepr_webhook'
type Scope = { group?: string; user?: string; roles?: string }

const content = '{"secret": "of acme"}'
const hash = createHash('sha256').update(content).digest('hex')
/** One that waits for its verdict, one that is published, one in the history, and one there whose newest verdict is no pass: acme's, made by alice. */
const pending = randomUUIDv7()
const published = randomUUIDv7()
const archived = randomUUIDv7()
const failed = randomUUIDv7()
const run = randomUUIDv7()

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  await database.admin.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    const stories: [string, string][] = [[pending, 'on_verification'], [published, 'published'], [archived, 'archived'], [failed, 'archived']] // prettier-ignore
    for (const [id, status] of stories) {
      const coordinates = { group_id: 'acme', type: 'prompt', name: id === failed ? 'failed' : status, version: '1' }
      const row = {
        ...coordinates, usage_policy: 'internal_only', created_by: 'alice', content_kind: 'json', content_type: 'application/json',
        content_size: content.length, content_hash: hash, content: Buffer.from(content), json_content: sql.json(JSON.parse(content)),
        metadata: sql.json({}), validation_run_id: id === pending ? run : null, revision: 1, created_at: '2026-01-01T00:00:00Z',
        updated_at: '2026-01-01T00:00:00Z', published_at: id === pending ? null : '2026-01-02T00:00:00Z',
      } // prettier-ignore
      await sql`insert into artifact_names (group_id, type, name, versioning, last_sequence) values ('acme', 'prompt', ${coordinates.name}, 'integer', 5)`
      await sql`insert into artifact_versions ${sql({ ...coordinates, artifact_id: id, created_by: 'alice', content_hash: hash, status, usage_policy: 'internal_only', submitted: true })}`
      if (status === 'archived')
        await sql`insert into artifact_history ${sql({ ...row, id: randomUUIDv7(), original_id: id, archived_by: 'alice', archive_reason: 'archived' })}`
      else await sql`insert into artifact_active ${sql({ ...row, id, status })}`
    }
    await sql`
      insert into validation_runs (id, group_id, artifact_id, artifact_type, content_hash, kind, state, requires_validation, deadline)
      values (${run}, 'acme', ${pending}, 'prompt', ${hash}, 'submission', 'waiting', true, now() + interval '1 day')`
    const verdicts = [[published, 'submission', 'passed', 1], [archived, 'submission', 'passed', 1], [failed, 'submission', 'passed', 1], [failed, 'recheck', 'failed', 2]] // prettier-ignore
    for (const [id = '', kind = '', state = '', day = 1] of verdicts) {
      await sql`
        insert into validation_runs (id, group_id, artifact_id, artifact_type, content_hash, kind, state, requires_validation, deadline, checked_at, findings)
        values (${randomUUIDv7()}, 'acme', ${id}, 'prompt', ${hash}, ${kind}, ${state}, true, now(), make_date(2026, 1, ${day}), '[{"message": "of acme"}]')`
    }
    await sql`insert into validation_tries (id, group_id, run_id, at, duration_ms, outcome, reason) values (${randomUUIDv7()}, 'acme', ${run}, now(), 1, 'error', 'of acme')`
    const delivery = randomUUIDv7()
    await sql`insert into webhook_deliveries (id, group_id, event_type, subscriber, webhook_id, payload) values (${delivery}, 'acme', 'published', 's', 'w', 'of acme')`
    await sql`insert into webhook_attempts (id, group_id, delivery_id, at, duration_ms, response_head) values (${randomUUIDv7()}, 'acme', ${delivery}, now(), 1, 'of acme')`
  })
})
afterAll(() => database[Symbol.asyncDispose]())

const undo = new Error('undo')
/** What a service comes to with SQL of its own, in a transaction that is taken back. */
async function as<T>(
  role: Service,
  { group = '', user = '', roles = '' }: Scope,
  story: (sql: Sql) => Promise<T>,
): Promise<T> {
  const sql = postgres(database.urlOf(role), { max: 1, onnotice: () => {} })
  let told: { answer: T } | undefined
  try {
    await sql.begin(async (tx) => {
      await tx`select set_config('keepr.group_id', ${group}, true), set_config('keepr.user_id', ${user}, true), set_config('keepr.roles', ${roles}, true)`
      // SAFETY: a transaction answers to the same template calls; no more of it is used here.
      told = { answer: await story(tx as unknown as Sql) }
      throw undo
    })
  } catch (error) {
    if (error !== undo) throw error
  } finally {
    await sql.end()
  }
  if (!told) throw new Error('the story did not end')
  return told.answer
}
const refused = { code: expect.stringMatching(/^(42501|23514)$/) }
const alice: Scope = { group: 'acme', user: 'alice', roles: 'author,consumer' }
const eve: Scope = { group: 'other', user: 'eve', roles: 'admin,author,consumer' }
const worker: Scope = { group: 'acme' }

describe('tables of one’s own session', () => {
  it('are for the queue alone', async () => {
    const may = await database.admin`
      select r.rolname as role, has_database_privilege(r.rolname, 'template1', 'temporary') as temporary
        from pg_roles r where r.rolname in ('keepr_api', 'keepr_validation', 'keepr_webhook', 'keepr_queue') order by 1`
    expect(may.map(({ role, temporary }) => [role, temporary])).toEqual([
      ['keepr_api', false],
      ['keepr_queue', true],
      ['keepr_validation', false],
      ['keepr_webhook', false],
    ])
  })

  // A cloned database has PostgreSQL's own grants, TEMPORARY among them: this is what still holds then.
  it.each([
    [
      'touch_artifacts',
      (sql: Sql) => sql`select touch_artifacts(array['other'], array[${published}::uuid], array[now()])`,
    ],
    ['restrict_artifact', (sql: Sql) => sql`select restrict_artifact(${published})`],
  ])('never stand in for those that %s works on with the rights of its owner', async (_name, call) => {
    const loot = await as('keepr_api', eve, async (sql) => {
      await sql`create temp table loot (who text, what text)`
      await sql`create temp table artifact_active as
        select ${published}::uuid as id, 'other' as group_id, 'published' as status, 'eve' as created_by, 'internal_only' as usage_policy, null::timestamptz as last_accessed_at`
      await sql`create function pg_temp.steal() returns trigger language plpgsql as $$ begin
        insert into pg_temp.loot select current_user, convert_from(content, 'UTF8') from public.artifact_active; return new; end $$`
      await sql`create trigger steal before update on pg_temp.artifact_active for each row execute function pg_temp.steal()`
      await sql`grant all on pg_temp.loot, pg_temp.artifact_active to public`
      await call(sql)
      return [...(await sql`select * from loot`)]
    })
    expect(loot).toEqual([])
  })

  it('never stand in for what a guard looks at', async () => {
    const published = as('keepr_validation', worker, async (sql) => {
      await sql`create temp table validation_runs as
        select ${run}::uuid as id, 'acme' as group_id, ${pending}::uuid as artifact_id, ${hash} as content_hash, 'passed' as state, false as simulate`
      await sql`update public.artifact_active set status = 'published', published_at = now() where id = ${pending}`
    })
    await expect(published).rejects.toMatchObject(refused)
  })

  it('come after ours in every function that names where it looks', async () => {
    const open = await database.admin`
      select p.proname, p.proconfig from pg_proc p
       where p.pronamespace = 'public'::regnamespace and pg_get_userbyid(p.proowner) = 'keepr_maintenance'
         and (p.prosecdef or p.prorettype = 'trigger'::regtype or p.proconfig is not null)
         and not coalesce(p.proconfig @> array['search_path=pg_catalog, public, pg_temp'], false)`
    expect([...open]).toEqual([])
  })
})

describe('a verdict', () => {
  const begun = (sql: Sql, state: string, kind = 'revalidation') => sql`
    insert into validation_runs (id, group_id, artifact_id, artifact_type, content_hash, kind, state, requires_validation, deadline, checked_at)
    values (${randomUUIDv7()}, 'acme', ${pending}, 'prompt', ${hash}, ${kind}, ${state}, true, now(), ${state === 'waiting' ? null : new Date().toISOString()})`

  it('is not made up by the API: not with a run, not on a run, not in an event, not by the time of publication', async () => {
    await as('keepr_api', alice, (sql) => begun(sql, 'waiting'))
    for (const story of [
      (sql: Sql) => begun(sql, 'passed'),
      (sql: Sql) => begun(sql, 'waiting', 'recheck'),
      (sql: Sql) => sql`update validation_runs set state = 'passed', checked_at = now() where id = ${run}`,
      (sql: Sql) => sql`update validation_runs set findings = '[]' where id = ${run}`,
      (sql: Sql) => sql`update artifact_active set published_at = now() where id = ${pending}`,
      (sql: Sql) => event(sql, 'published', 'alice'),
      (sql: Sql) => event(sql, 'archived', 'system:validation-worker'),
    ]) {
      await expect(as('keepr_api', alice, story)).rejects.toMatchObject(refused)
    }
  })

  it('of a worker is no publication by the API', async () => {
    const sql = database.admin
    const both = sql.begin(async (tx) => {
      await tx`update validation_runs set state = 'passed', checked_at = now() where id = ${run}`
      await tx`select set_config('keepr.group_id', 'acme', true), set_config('keepr.user_id', 'alice', true), set_config('keepr.roles', 'admin,author,consumer', true)`
      await tx`set local role keepr_api`
      await tx`update artifact_active set status = 'published' where id = ${pending}`
    })
    await expect(both).rejects.toMatchObject({ constraint_name: 'published_by_verdict_only' })
  })

  it('is not begun anew by the worker for anything but a recheck, nor told in another’s name', async () => {
    for (const story of [
      (sql: Sql) => begun(sql, 'waiting', 'submission'),
      (sql: Sql) => begun(sql, 'passed', 'recheck'),
      (sql: Sql) => event(sql, 'published', 'alice'),
      (sql: Sql) => event(sql, 'rollback', 'system:validation-worker'),
    ]) {
      await expect(as('keepr_validation', worker, story)).rejects.toMatchObject(refused)
    }
  })

  const event = (sql: Sql, type: string, actor: string) => sql`
    insert into artifact_events (id, group_id, artifact_id, type, name, version, sequence, event_type, actor, status, usage_policy,
                                 content_hash, created_by, was_published)
    values (${randomUUIDv7()}, 'acme', ${pending}, 'prompt', 'on_verification', '1', 99, ${type}, ${actor}, 'published', 'internal_only', ${hash}, 'alice', true)`
})

/** What a version takes along between artifact_active and artifact_history. */
const columns = `group_id, type, name, version, usage_policy, created_by, content_kind, content_type, content_size, content_hash, content,
  json_content, metadata, validation_run_id, blocked_reason, duplicate_of, created_at, published_at, purged_at`

describe('a copy', () => {
  const changes = [
    ['', undefined],
    ['usage_policy', "'public'"],
    ['created_by', "'bob'"],
    ['content', "'{}'"],
    ['metadata', `'{"description": "forged"}'`],
    ['published_at', 'now()'],
    ['content_type', "'text/html'"],
  ] as const
  const changed = (column: string, value: string | undefined) =>
    value === undefined ? columns : columns.replace(new RegExp(`\\b${column}\\b(?!_)`, 'u'), value)

  it.each(changes)('goes back from the history as it was, whoever asks: %s', async (column, value) => {
    const back = as('keepr_api', { ...alice, roles: 'admin,author,consumer' }, (sql) => sql.unsafe(`
      insert into artifact_active (id, status, revision, ${columns})
      select original_id, 'published', 2, ${changed(column, value)} from artifact_history where original_id = '${archived}'`)) // prettier-ignore
    if (value === undefined) expect((await back).count).toBe(1)
    else await expect(back).rejects.toMatchObject({ code: '23514' })
  })

  it.each(changes)('goes into the history as it is, whoever asks: %s', async (column, value) => {
    const gone = as('keepr_api', { ...alice, roles: 'admin,author,consumer' }, (sql) => sql.unsafe(`
      insert into artifact_history (id, original_id, archived_by, archive_reason, revision, updated_at, ${columns})
      select gen_random_uuid(), id, 'alice', 'archived', 2, now(), ${changed(column, value)} from artifact_active where id = '${published}'`)) // prettier-ignore
    if (value === undefined) expect((await gone).count).toBe(1)
    else await expect(gone).rejects.toMatchObject({ code: '23514' })
  })
})

describe('a version', () => {
  const admin: Scope = { ...alice, roles: 'admin,author,consumer' }
  const archive = (sql: Sql) =>
    sql.unsafe(`
    insert into artifact_history (id, original_id, archived_by, archive_reason, revision, updated_at, ${columns})
    select gen_random_uuid(), id, 'alice', 'archived', 2, now(), ${columns} from artifact_active where id = '${published}'`)
  const leave = (sql: Sql) => sql`delete from artifact_active where id = ${published}`
  const restore = (sql: Sql, id = archived) =>
    sql.unsafe(`
    insert into artifact_active (id, status, revision, ${columns})
    select original_id, 'published', 2, ${columns} from artifact_history where original_id = '${id}'`)
  const noteReturn = (sql: Sql) => sql`update artifact_history set restored_at = now() where original_id = ${archived}`
  const takeCoordinates = (sql: Sql) =>
    sql.unsafe(`
    insert into artifact_active (id, status, name, ${columns.replace(/ name,| created_at, published_at,/gu, '')})
    select gen_random_uuid(), 'draft', 'archived', ${columns.replace(/ name,| created_at, published_at,/gu, '')} from artifact_active where id = '${published}'`)
  const block = (sql: Sql) =>
    sql`update artifact_active set status = 'blocked', blocked_reason = 'recheck_failed' where id = ${published}`

  it.each<[string, (sql: Sql) => PromiseLike<unknown>, Service?]>([
    ['archived without leaving', archive],
    ['noted as back without being back', noteReturn],
    ['back without being noted as back', restore],
    ['back against its newest verdict', (sql) => restore(sql, failed)],
    ['given the coordinates of an archived one', takeCoordinates],
    ['given another content type once published', (sql) => sql`update artifact_active set content_type = 'text/html' where id = ${published}`],
    ['given other content to be searched once published', (sql) => sql`update artifact_active set json_content = '{}' where id = ${published}`],
    ['edited while it is verified', (sql) => sql`update artifact_active set metadata = '{"category": "new"}' where id = ${pending}`],
    ['blocked by the API once published', block],
    ['blocked without a failed re-validation once published', block, 'keepr_validation'],
  ])('is not %s', async (_what, story, service = 'keepr_api') => {
    const done = as(service, service === 'keepr_api' ? admin : worker, async (sql) => {
      await story(sql)
      await sql`set constraints all immediate`
    })
    await expect(done).rejects.toMatchObject({ code: '23514' })
  }) // prettier-ignore

  it('does not come back for an author who rolls nothing back', async () => {
    const back = as('keepr_api', alice, (sql) => restore(sql))
    await expect(back).rejects.toMatchObject({ constraint_name: 'restored_by_admin_or_rollback' })
  })

  it('is archived and comes back as a whole', async () => {
    const moved = await as('keepr_api', admin, async (sql) => {
      for (const part of [archive, leave, restore, noteReturn]) await part(sql)
      await sql`set constraints all immediate`
      return [...(await sql`select id from artifact_active where status = 'published'`)]
    })
    expect(moved).toEqual([{ id: archived }])
  })
})

describe('a service', () => {
  it.each(['keepr_api', 'keepr_validation', 'keepr_webhook'] as const)('is and stays %s, whatever it resets', async (role) => {
    for (const reset of ['reset role', 'set role none', 'reset session authorization', 'set session authorization default', 'discard all']) {
      const sql = postgres(database.urlOf(role), { max: 1 })
      await sql.unsafe(reset)
      expect([...(await sql`select current_user::text as now, session_user::text as first`)]).toEqual([{ now: role, first: role }])
      expect(await sql`select 1 from artifact_events`).toHaveLength(0)
      await sql.end()
    }
  }) // prettier-ignore

  it.each(['keepr_validation', 'keepr_webhook'] as const)('%s sees and changes nothing of another group while it works for one', async (role) => {
    const tables = await database.admin<{ name: string; columns: string[] }[]>`
      select t.relname as name, array_agg(c.attname::text) as columns
        from pg_class t join pg_attribute c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped
       where t.relnamespace = 'public'::regnamespace and t.relkind = 'r' and has_column_privilege(${role}, t.oid, c.attnum, 'select')
         and exists (select from pg_attribute g where g.attrelid = t.oid and g.attname = 'group_id')
         and t.relname not in ('outbox', 'event_feed') -- the relay carries ids of all groups
       group by 1`
    expect(tables.length).toBeGreaterThan(4)
    for (const { name, columns } of tables) {
      const rows = await as(role, { group: 'other' }, (sql) => sql`select ${sql(columns)} from ${sql(name)}`)
      expect(rows, name).toHaveLength(0)
      const removed = as(role, { group: 'other' }, async (sql) => (await sql`delete from ${sql(name)}`).count)
      expect(await removed.catch(({ code }: { code: string }) => code), name).toSatisfy((result) => result === 0 || result === '42501')
    }
  }) // prettier-ignore

  it('that validates sees over all groups which runs wait, and no word of what was found', async () => {
    const seen = await as('keepr_validation', {}, async (sql) => [...(await sql`select id from validation_runs`)])
    expect(seen).toEqual([{ id: run }])
    await expect(as('keepr_validation', {}, (sql) => sql`select reason from validation_tries`)).rejects.toMatchObject({ code: '42501' }) // prettier-ignore
    expect(await as('keepr_validation', {}, (sql) => sql`select 1 from artifact_versions where status <> 'published'`)).toHaveLength(0) // prettier-ignore
  })

  it('of the API makes no artifact in another user’s name', async () => {
    const made = as('keepr_api', { ...alice, user: 'bob' }, async (sql) => {
      const id = randomUUIDv7()
      await sql`insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
                values ('acme', 'prompt', 'published', '2', ${id}, 'alice', ${hash}, 'draft', 'internal_only', false)`
    })
    await expect(made).rejects.toMatchObject({ code: '42501' })
  })

  it('of the API notes no read that is still to come', async () => {
    const touched = await as('keepr_api', {}, async (sql) => {
      await sql`select touch_artifacts(array['acme', 'other'], array[${published}::uuid, ${pending}::uuid], array['infinity'::timestamptz, 'infinity'])`
      await sql`select set_config('keepr.group_id', 'acme', true), set_config('keepr.roles', 'admin,author,consumer', true)`
      return [
        ...(await sql`select id, last_accessed_at = now() as now from artifact_active where last_accessed_at is not null`),
      ]
    })
    expect(touched).toEqual([{ id: published, now: true }])
  })
})
