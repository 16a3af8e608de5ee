import { createHash, randomUUIDv7 } from 'node:crypto'
import { postgres } from '@keepr/db/driver/postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Db } from '@keepr/db/connect'
import type { Tx } from '@keepr/db/transaction'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import type { Actor } from '@keepr/shared/domain/actor'
import { decide, USAGE_POLICIES } from '@keepr/shared/domain/access'
import { mayMove, STATUSES, type Status } from '@keepr/shared/domain/lifecycle'
import { expandRoles, ROLES, type Role } from '@keepr/shared/domain/role'

const services = ['keepr_api', 'keepr_validation', 'keepr_webhook'] as const
const content = Buffer.from('{}')
const hash = createHash('sha256').update(content).digest('hex')

let database: TestDatabase
let api: Db
const artifacts: { id: string; status: Status; usage_policy: (typeof USAGE_POLICIES)[number]; created_by: string }[] =
  []

const actor = (groupId: string, userId: string, ...roles: Role[]): Actor => ({
  groupId,
  userId,
  roles: expandRoles(roles),
})

/** Every state × policy × creator of one group, in place without the guards, which are tested elsewhere. */
beforeAll(async () => {
  database = await createTestDatabase()
  api = database.connectAs('keepr_api', 1)
  await database.admin.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    for (const status of STATUSES)
      for (const usage_policy of USAGE_POLICIES)
        for (const created_by of ['alice', 'bob']) {
          const id = randomUUIDv7()
          artifacts.push({ id, status, usage_policy, created_by })
          const row = {
            group_id: 'acme', type: 'prompt', name: `a-${id}`, version: '1', usage_policy, created_by, content_kind: 'json',
            content_type: 'application/json', content_size: 2, content_hash: hash, content, json_content: sql.json({}),
            metadata: sql.json({}), validation_run_id: randomUUIDv7(), revision: 1, created_at: new Date(), updated_at: new Date(),
            published_at: new Date(),
          } // prettier-ignore
          await sql`insert into artifact_names (group_id, type, name, versioning) values ('acme', 'prompt', ${row.name}, 'integer')`
          await sql`
            insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
            values ('acme', 'prompt', ${row.name}, '1', ${id}, ${created_by}, ${hash}, ${status}, ${usage_policy}, true)`
          if (status === 'archived')
            await sql`insert into artifact_history ${sql({ ...row, id: randomUUIDv7(), original_id: id, archived_by: 'x', archive_reason: 'archived' })}`
          else await sql`insert into artifact_active ${sql({ ...row, id, status })}`
        }
    await sql`
      insert into artifact_events (id, group_id, artifact_id, type, name, version, sequence, event_type, actor, status, usage_policy,
                                   content_hash, created_by, was_published)
      values (${randomUUIDv7()}, 'acme', ${artifacts[0]?.id ?? ''}, 'prompt', 'x', '1', 1, 'created', 'alice', 'draft', 'internal_only', ${hash}, 'alice', false)`
  })
})
afterAll(() => database[Symbol.asyncDispose]())

const seenIds = (tx: Tx) => tx<{ id: string }[]>`
  select id from artifact_active union all select original_id from artifact_history`

describe('row-level security', () => {
  it('is forced on every table, and no view or foreign table lets anybody look past it', async () => {
    const open = await database.admin<{ relname: string }[]>`
      select relname from pg_class
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f') and not (relrowsecurity and relforcerowsecurity)`
    // Neither holds group data: which release fits, and which migrations ran.
    expect(open.map(({ relname }) => relname).toSorted()).toEqual(['keepr_migrations', 'schema_support'])
  })

  it('binds the services: none owns anything, is a superuser or bypasses it', async () => {
    const roles = await database.admin`
      select rolname from pg_roles where rolname like 'keepr\\_%' and (rolsuper or rolbypassrls or rolcreaterole)`
    const owned = await database.admin`
      select relname from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = any (${[...services]})`
    expect([...roles, ...owned]).toEqual([])
  })

  const callers = ['acme', 'other'].flatMap((group) =>
    ['alice', 'bob'].flatMap((user) => ROLES.map((role) => [group, user, role] as const)),
  )
  it.each(callers)(
    'lets a caller of %s, %s as %s, see what the policy in code says and nothing else',
    async (group, user, role) => {
      const caller = actor(group, user, role)
      const expected = artifacts.filter(
        ({ status, usage_policy, created_by }) =>
          decide('read', caller, { groupId: 'acme', createdBy: created_by, status, usagePolicy: usage_policy })
            .outcome === 'allowed',
      )
      const inTransaction = await api.withActor(caller, async (tx) => [...(await seenIds(tx))])
      const inOneRoundTrip = await api.read(caller, seenIds)
      const ids = (rows: { id: string }[]) => rows.map(({ id }) => id).toSorted()
      expect(ids(inTransaction)).toEqual(ids(expected))
      expect(ids(inOneRoundTrip)).toEqual(ids(expected))
    },
  )

  it('shows nothing at all when no actor is set', async () => {
    const sql = postgres(database.urlOf('keepr_api'), { max: 1 })
    expect(await sql`select 1 from artifact_active`).toHaveLength(0)
    expect(await sql`select 1 from artifact_events`).toHaveLength(0)
    await sql.end()
  })

  it('does not leak an actor through the pool: not after a read, an error, or a cancelled statement', async () => {
    const alice = actor('acme', 'alice', 'admin')
    const nobody = actor('empty', 'eve', 'admin')
    const seesNothing = async () => {
      const rows = await api.withActor(nobody, async (tx) => [
        ...(await tx`select 1 from artifact_active where usage_policy <> 'public'`),
      ])
      expect(rows).toHaveLength(0)
    }
    await api.read(alice, seenIds)
    await seesNothing()
    await expect(api.withActor(alice, async (tx) => await tx`select 1 / 0`)).rejects.toThrow('division by zero')
    await seesNothing()
    await expect(
      api.withActor(alice, async (tx) => {
        await tx`set local statement_timeout = 10`
        return await tx`select pg_sleep(5)`
      }),
    ).rejects.toThrow('statement timeout')
    await seesNothing()
  })

  it('keeps groups apart that share one connection', async () => {
    const rounds = Array.from({ length: 100 }, (_, index) => index)
    const counts = await Promise.all(
      rounds.map(async (index) => {
        const group = index % 2 === 0 ? 'acme' : 'other'
        const rows = await api.read(
          actor(group, 'alice', 'admin'),
          (tx) => tx<{ group_id: string }[]>`
          select group_id from artifact_active where usage_policy <> 'public'`,
        )
        return { group, rows }
      }),
    )
    for (const { group, rows } of counts) expect(rows.every(({ group_id }) => group_id === group)).toBe(true)
    expect(counts.some(({ rows }) => rows.length > 0)).toBe(true)
  })

  it('keeps groups apart that share two connections, while requests fail, are cancelled or cut off', async () => {
    const two = database.connectAs('keepr_api', 2, 'test-two')
    const groupsSeen = (tx: Tx) => tx<{ group_id: string; mine: string }[]>`
      select current_group_id() as mine, group_id from artifact_active where usage_policy <> 'public' union all select current_group_id(), current_group_id()`
    const stories = Array.from({ length: 200 }, async (_, index) => {
      const group = index % 2 === 0 ? 'acme' : 'other'
      const who = actor(group, 'alice', 'admin')
      const story = index % 10
      if (story === 3) return await two.withActor(who, async (tx) => await tx`select 1 / 0`)
      if (story === 6)
        return await two.withActor(who, async (tx) => {
          await tx`set local statement_timeout = 1`
          return await tx`select pg_sleep(5)`
        })
      if (story === 9)
        throw await two.withActor(who, () => Promise.reject(new Error('given up between two statements')))
      if (index === 100)
        await database.admin`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test-two'`
      const rows =
        story < 5
          ? await two.read(who, groupsSeen)
          : await two.withActor(who, async (tx) => [...(await groupsSeen(tx))])
      return rows.every(({ group_id, mine }) => group_id === group && mine === group)
    })
    const told = (await Promise.allSettled(stories)).filter((one) => one.status === 'fulfilled')
    expect(told.map(({ value }) => value)).not.toContain(false)
    expect(told.length).toBeGreaterThan(100)
  })
})

describe('a service with raw SQL', () => {
  const attempts: [string, string][] = [
    ['become the maintenance role', 'set role keepr_maintenance'],
    ['become a superuser', 'set session authorization postgres'],
    ['switch row-level security off', 'alter table artifact_active disable row level security'],
    ['empty a table', 'truncate artifact_events cascade'],
    ['change an event', "update artifact_events set actor = 'mallory'"],
    ['delete an event', 'delete from artifact_events'],
    ['delete history', 'delete from artifact_history'],
    ['change what history says', "update artifact_history set content_hash = repeat('0', 64)"],
    ['change where an artifact belongs', "update artifact_active set group_id = 'other'"],
    ['take a used version back', 'delete from artifact_versions where submitted'],
    ['escape through another name', 'set local session authorization keepr_maintenance'],
    ['make itself a superuser', 'alter role current_user superuser'],
    ['become what it was before', 'set role postgres'],
    ['leave row-level security aside', 'set local row_security = off; select 1 from artifact_active'],
    ['publish without a verdict', "update artifact_active set status = 'published' where status = 'on_verification'"],
    ['switch the guards off', 'set local session_replication_role = replica'],
    ['take a guard away', 'alter table artifact_events disable trigger all'],
    ['take a policy away', 'drop policy maintenance on artifact_active'],
    ['let itself in', 'create policy open on artifact_active using (true)'],
    [
      'replace a function',
      'create or replace function public.may_see(text, text, text) returns boolean language sql return true',
    ],
    ['make a schema of its own', 'create schema mine'],
    ['decide a name’s versioning anew', "update artifact_names set versioning = 'semver'"],
    ['write into the ledger', "update artifact_versions set usage_policy = 'public'"],
  ]
  describe.each(services)('%s', (role) => {
    it.each(attempts)('cannot %s', async (_what, statement) => {
      const sql = postgres(database.urlOf(role), { max: 1 })
      const attempt = sql.begin(async (tx) => {
        await tx`select set_config('keepr.group_id', 'acme', true), set_config('keepr.user_id', 'alice', true),
                        set_config('keepr.roles', 'admin,author,consumer', true)`
        await tx.unsafe(statement)
      })
      // A refusal by grant, guard or role; 0 rows would pass silently.
      await expect(attempt).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|23514|23503)$/) })
      await sql.end()
    })
  })

  it.each([
    [
      'archive what another author made',
      `
      insert into artifact_history (id, original_id, group_id, type, name, version, usage_policy, created_by, content_kind, content_type,
                                    content_size, content_hash, content, json_content, metadata, revision, created_at, updated_at,
                                    published_at, archived_by, archive_reason)
      select gen_random_uuid(), id, group_id, type, name, version, usage_policy, created_by, content_kind, content_type, content_size,
             content_hash, content, json_content, metadata, revision, created_at, updated_at, published_at, 'bob', 'archived'
        from artifact_active where created_by = 'alice' and status = 'published'`,
    ],
    [
      'clean up',
      `
      insert into artifact_history (id, original_id, group_id, type, name, version, usage_policy, created_by, content_kind, content_type,
                                    content_size, content_hash, content, json_content, metadata, revision, created_at, updated_at,
                                    published_at, archived_by, archive_reason)
      select gen_random_uuid(), id, group_id, type, name, version, usage_policy, created_by, content_kind, content_type, content_size,
             content_hash, content, json_content, metadata, revision, created_at, updated_at, published_at, 'bob', 'cleanup'
        from artifact_active where created_by = 'bob' and status = 'published'`,
    ],
    [
      'widen the policy of another author’s version',
      "update artifact_active set usage_policy = 'public' where created_by = 'alice' and usage_policy = 'internal_only'",
    ],
  ])('of the API cannot, in the name of an author, %s', async (_what, statement) => {
    const sql = postgres(database.urlOf('keepr_api'), { max: 1 })
    const attempt = sql.begin(async (tx) => {
      await tx`select set_config('keepr.group_id', 'acme', true), set_config('keepr.user_id', 'bob', true),
                      set_config('keepr.roles', 'author,consumer', true)`
      await tx.unsafe(statement)
    })
    await expect(attempt).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|23514)$/) })
    await sql.end()
  })

  it('of the API deletes as an author no more than its own drafts and those that it sees', async () => {
    const rows = await api.withActor(actor('acme', 'bob', 'author'), async (tx) => [
      ...(await tx<{ id: string }[]>`select id from artifact_active where status = 'published' for update`),
    ])
    expect(rows.length).toBeGreaterThan(0)
    const gone = api.withActor(actor('acme', 'bob', 'author'), (tx) => tx`
      delete from artifact_active where status = 'published' and created_by = 'alice'`) // prettier-ignore
    expect((await gone).count).toBe(0)
  })

  it('of the API cannot write into another group', async () => {
    const attempt = api.withActor(actor('other', 'eve', 'admin'), async (tx) => {
      await tx`insert into artifact_names (group_id, type, name, versioning) values ('acme', 'prompt', 'planted', 'integer')`
    })
    await expect(attempt).rejects.toMatchObject({ code: '42501' })
  })
})

describe('the lifecycle in the database', () => {
  it.each(STATUSES.flatMap((from) => STATUSES.filter((to) => to !== from).map((to) => [from, to] as const)))(
    'agrees with the code on %s → %s',
    async (from, to) => {
      const [row] = await database.admin`select lifecycle_allows(${from}, ${to}) as allowed`
      expect(row?.['allowed']).toBe(mayMove(from, to))
    },
  )
})
