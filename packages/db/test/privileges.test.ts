import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

describe('the services’ roles', () => {
  it('may do no more than privileges.txt says', async () => {
    const tables = await database.admin<{ line: string }[]>`
      select format('%s %s %s', g.grantee, t.relname,
                    string_agg(lower(g.privilege_type), ', ' order by g.privilege_type)) as line
        from pg_class t, lateral aclexplode(t.relacl) a,
             lateral (select pg_get_userbyid(a.grantee) as grantee, a.privilege_type) g
       where t.relnamespace = 'public'::regnamespace and g.grantee in ('keepr_api', 'keepr_validation', 'keepr_webhook', 'keepr_queue')
       group by g.grantee, t.relname order by 1`
    const columns = await database.admin<{ line: string }[]>`
      select format('%s %s %s (%s)', g.grantee, t.relname, lower(g.privilege_type), string_agg(c.attname, ', ' order by c.attname)) as line
        from pg_class t join pg_attribute c on c.attrelid = t.oid, lateral aclexplode(c.attacl) a,
             lateral (select pg_get_userbyid(a.grantee) as grantee, a.privilege_type) g
       where t.relnamespace = 'public'::regnamespace and g.grantee like 'keepr\\_%'
       group by g.grantee, t.relname, g.privilege_type order by 1`
    const elevated = await database.admin<{ line: string }[]>`
      select format('%s execute %s', pg_get_userbyid(a.grantee), p.oid::regprocedure) as line
        from pg_proc p, lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
       where p.pronamespace = 'public'::regnamespace and p.prosecdef and a.grantee <> p.proowner order by 1`
    const policies = await database.admin<{ line: string }[]>`
      select format('%s %s %s', role, tablename, string_agg(lower(cmd) || ' by ' || policyname, ', ' order by cmd, policyname)) as line
        from pg_policies, unnest(roles) role where schemaname = 'public' and role <> 'keepr_maintenance'
       group by role, tablename order by 1`
    const section = (title: string, rows: readonly { line: string }[]) =>
      `${title}\n${rows.map(({ line }) => `  ${line}\n`).join('')}`
    const text = [
      section('Tables', tables),
      section('Columns', columns),
      section('Functions that run with the rights of their owner', elevated),
      section('Policies', policies),
    ].join('\n')
    await expect(text).toMatchFileSnapshot('./privileges.txt')
  })

  it('cannot become another role, and nobody but maintenance owns anything', async () => {
    const memberships = await database.admin`
      select m.rolname as member, r.rolname as role
        from pg_auth_members a join pg_roles m on m.oid = a.member join pg_roles r on r.oid = a.roleid
       where m.rolname in ('keepr_api', 'keepr_validation', 'keepr_webhook', 'keepr_queue')`
    expect(memberships).toHaveLength(0)
    const owners = await database.admin`
      select distinct pg_get_userbyid(relowner) as owner from pg_class where relnamespace = 'public'::regnamespace`
    expect([...owners]).toEqual([{ owner: 'keepr_maintenance' }])
  })

  it('run functions that nobody’s search_path can redirect', async () => {
    const open = await database.admin`
      select p.proname from pg_proc p
       where p.pronamespace = 'public'::regnamespace and p.prosecdef
         and not coalesce(array_to_string(p.proconfig, ',') like '%search_path=%', false)`
    expect(open).toHaveLength(0)
  })
})

describe('a table of group data', () => {
  it('has forced row-level security and says whose rows it holds, whichever table it is', async () => {
    const tables = await database.admin<{ name: string; forced: boolean; grouped: boolean; open: string[] | null }[]>`
      select t.relname as name, t.relrowsecurity and t.relforcerowsecurity as forced,
             exists (select from pg_attribute c where c.attrelid = t.oid and c.attname = 'group_id' and c.attnotnull) as grouped,
             (select array_agg(p.polname::text) from pg_policy p
               where p.polrelid = t.oid and p.polroles @> array[0::oid]) as open
        from pg_class t where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p') order by 1`
    expect(tables.length).toBeGreaterThan(15)
    for (const { name, forced, grouped, open } of tables) {
      if (withoutGroups.has(name)) continue
      expect({ name, forced, grouped, open }).toEqual({ name, forced: true, grouped: true, open: null })
    }
    expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining([...withoutGroups]))
  })

  it('shows a service nothing and takes nothing from it before it says for whom it works', async () => {
    const reachable = await database.admin<{ role: string; name: string; select: boolean }[]>`
      select r.rolname as role, t.relname as name, has_any_column_privilege(r.rolname, t.oid, 'select') as select
        from pg_class t, pg_roles r
       where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p') and r.rolname in ('keepr_api', 'keepr_validation', 'keepr_webhook')`
    // The relay finds work of all groups, in ids; workers find theirs. What is in the artifacts is never among it.
    const secret = ['artifact_active', 'artifact_history', 'artifact_events', 'idempotency_keys']
    for (const name of secret) {
      const readers = reachable.filter((one) => one.name === name && one.select).map(({ role }) => role)
      const policies = await database.admin<{ qual: string | null; role: string }[]>`
        select qual, role from pg_policies, unnest(roles) role
         where tablename = ${name} and role <> 'keepr_maintenance' and cmd in ('SELECT', 'ALL')`
      expect(readers.length).toBeGreaterThan(0)
      for (const { qual, role } of policies) {
        const pruning = role === 'keepr_validation' && name === 'idempotency_keys'
        expect(qual, `${name} for ${role}`).toContain(pruning ? 'created_at' : 'current_group_id()')
      }
    }
  })

  it('gives the relay ids and times, and no word of what they are about', async () => {
    const columns = await database.admin<{ name: string; type: string }[]>`
      select attname as name, format_type(atttypid, null) as type from pg_attribute
       where attrelid = 'outbox'::regclass and attnum > 0 and not attisdropped order by attnum`
    const words = columns.filter(({ type }) => type === 'text').map(({ name }) => name)
    expect(words).toEqual(['kind', 'lane', 'group_id', 'quarantine_reason', 'traceparent'])
    expect(columns.filter(({ type }) => ['bytea', 'jsonb', 'json'].includes(type))).toEqual([])
  })
})

/** What belongs to the installation: which release fits, which migrations ran, subscribers, re-validations of a type. */
const withoutGroups = new Set([
  'keepr_migrations',
  'schema_support',
  'webhook_subscribers',
  'operational_events',
  'rechecks',
])
