import { fileURLToPath } from 'node:url'
import { DEFAULT_SCHEMA, runMigrations } from 'bullmq'
import { runner } from 'node-pg-migrate'
import { urlForPg } from '@keepr/shared/url-for-pg'
import pg from 'pg'

export type MigrateOptions = {
  /** A role that may create roles, or a member of keepr_maintenance where they are made. */
  databaseUrl: string
  /** Passwords to give to the services' roles; without one a role is left as it is. */
  passwords?: Partial<Record<ServiceRole, string | undefined>> | undefined
  log?: (message: string) => void
  /** Where the files are, unless a test has its own. */
  folder?: string
}

const ownFolder = fileURLToPath(new URL('../../../migrations', import.meta.url))

const neededRights =
  'the role of DATABASE_URL has to be one that may create roles, or a member of keepr_maintenance and without KEEPR_…_PASSWORD'

export const serviceRoles = ['keepr_api', 'keepr_validation', 'keepr_webhook', 'keepr_queue'] as const
export type ServiceRole = (typeof serviceRoles)[number]

/**
 * Brings the database to the present schema: makes missing roles, runs the pending files of `migrations/` and
 * BullMQ's own migrations. Safe to start any number of times at once: the second waits and finds nothing to do.
 * Everything belongs to keepr_maintenance, the queue's schema too, so that whoever is its member can bring an upgrade.
 */
export async function migrate({ databaseUrl, passwords = {}, log = () => {}, folder = ownFolder }: MigrateOptions) {
  const client = new pg.Client({ connectionString: urlForPg(databaseUrl), application_name: 'keepr-migrate' })
  client.on('error', () => {}) // a lost connection fails the query that is running; without a listener it would end the process
  await client.connect()
  try {
    await ensureRoles(client, passwords).catch((error: unknown) => {
      throw error instanceof pg.DatabaseError && error.code === '42501'
        ? new Error(neededRights, { cause: error })
        : error
    })
    await client.query('set role keepr_maintenance')
    const applied = await runner({
      dbClient: client,
      dir: folder,
      ignorePattern: '.*\\.md$',
      direction: 'up',
      migrationsTable: 'keepr_migrations',
      advisoryLockMode: 'wait',
      checkOrder: true,
      logger: { info: () => {}, warn: log, error: log },
    })
    for (const migration of applied) log(`migrated ${migration.name}`)
    await migrateQueue(client)
    return applied.map((migration) => migration.name)
  } finally {
    await client.end()
  }
}

async function ensureRoles(client: pg.Client, passwords: Partial<Record<ServiceRole, string | undefined>>) {
  for (const role of ['keepr_maintenance', ...serviceRoles] as const) {
    const login = role === 'keepr_maintenance' ? 'nologin' : 'login'
    // Two first starts may race on a cluster-wide role; the loser finds it made.
    await client.query(`do $$ begin
      if not exists (select from pg_roles where rolname = '${role}') then create role ${role} ${login} nosuperuser nobypassrls; end if;
    exception when duplicate_object or unique_violation then null; end $$`)
  }
  for (const role of serviceRoles) {
    const password = passwords[role]
    if (password) await client.query(`alter role ${role} login password ${client.escapeLiteral(password)}`)
  }
  // From PostgreSQL 16 on who made a role is its member, and cannot become it before it granted that to itself.
  const { rows } = await client.query<{ name: string; maintenance: boolean; database: string }>(
    `select current_user as name, current_database() as database, pg_has_role(current_user, 'keepr_maintenance',
       case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end) as maintenance`,
  )
  const [self] = rows
  if (!self) throw new Error('the database did not say who is connected')
  if (self.name === 'keepr_maintenance') return
  if (!self.maintenance) await client.query(`grant keepr_maintenance to ${client.escapeIdentifier(self.name)}`)
  await client.query('revoke create on schema public from public')
  // Nobody's tables stand in for ours; the queue makes temporary ones of its own.
  await client.query(`revoke temporary on database ${client.escapeIdentifier(self.database)} from public`)
  await client.query(`grant temporary on database ${client.escapeIdentifier(self.database)} to keepr_queue`)
  await client.query('grant usage, create on schema public to keepr_maintenance')
  await client.query(`grant create on database ${client.escapeIdentifier(self.database)} to keepr_maintenance`)
}

async function migrateQueue(client: pg.Client) {
  // Before it was keepr_maintenance's it belonged to whoever migrated first.
  const { rows } = await client.query<{ owner: string }>(
    `select nspowner::regrole::text as owner from pg_namespace where nspname = '${DEFAULT_SCHEMA}'`,
  )
  await client.query(`set role ${rows[0]?.owner ?? 'keepr_maintenance'}`)
  await client.query(`create schema if not exists ${DEFAULT_SCHEMA}`)
  await client.query(`grant usage, create on schema ${DEFAULT_SCHEMA} to keepr_queue`)
  // Of what is made here only: each queue makes a sequence of its own, which nobody else may grant.
  for (const made of ['tables', 'sequences'])
    await client.query(`alter default privileges in schema ${DEFAULT_SCHEMA} grant all on ${made} to keepr_queue`)
  await runMigrations(client)
}
