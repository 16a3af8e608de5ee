import type { Sql } from 'postgres'
import { postgres } from './driver/postgres.ts'

export type Maintenance = AsyncDisposable & { sql: Sql }
type Options = { url: string; applicationName: string; readOnly: boolean }

/**
 * The database as keepr_maintenance, who sees the rows of all groups. `url` names that role, a member of it, or a superuser.
 * Any other role would see nothing at all (row-level security is forced) and find everything in order, so it is refused.
 */
export async function connectMaintenance({ url, applicationName, readOnly }: Options): Promise<Maintenance> {
  const sql = postgres(url, {
    max: 1,
    connect_timeout: 10,
    onnotice: () => {},
    connection: {
      application_name: applicationName,
      TimeZone: 'UTC',
      DateStyle: 'ISO',
      lock_timeout: 10_000,
      statement_timeout: 600_000,
      idle_in_transaction_session_timeout: 60_000,
      default_transaction_read_only: readOnly,
      role: 'keepr_maintenance', // of every connection, also of one that replaces a lost one
    },
  })
  try {
    const [schema] = await sql<{ there: boolean }[]>`select to_regclass('public.artifact_active') is not null as there`
    if (!schema?.there) throw new Error('there is no Keepr in this database; is it the right one?')
  } catch (error) {
    await sql.end({ timeout: 1 })
    throw error
  }
  return { sql, [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }) }
}
