import { postgres } from '@keepr/db/driver/postgres'
import { readSettings } from '@keepr/shared/runtime/settings'

/** DATABASE_URL; undefined where it is not set. */
export const givenDatabaseUrl = (env: NodeJS.ProcessEnv): string | undefined =>
  env['DATABASE_URL'] || env['DATABASE_URL_FILE'] ? readSettings(env, ['DATABASE_URL']).databaseUrl : undefined

/** Names the setting when no PostgreSQL is where it says, or that one lets nobody in. The driver's errors hold no password. */
export async function reachGivenDatabase(url: string, instead = ''): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => {} })
  const fault = await sql`select 1`.then(
    () => undefined,
    (error: Error) => error,
  )
  await sql.end({ timeout: 1 })
  if (fault !== undefined) throw new Error(`DATABASE_URL: ${told(url, fault)}${instead}`)
}

function told(url: string, fault: Error): string {
  const { host, pathname } = new URL(url)
  if (fault instanceof postgres.PostgresError) return `${host}${pathname} cannot be used (${fault.message})`
  return `no PostgreSQL answers at ${host} (${'code' in fault ? String(fault.code) : fault.message})`
}
