import { postgres } from '@keepr/db/driver/postgres'
import { readSettings } from '@keepr/shared/runtime/settings'

/** DATABASE_URL; undefined where it is not set. */
export const givenDatabaseUrl = (env: NodeJS.ProcessEnv): string | undefined =>
  env['DATABASE_URL'] || env['DATABASE_URL_FILE'] ? readSettings(env, ['DATABASE_URL']).databaseUrl : undefined

/** Names the setting when no PostgreSQL is where it says, or that one lets nobody in. The driver's errors hold no password. */
export async function reachGivenDatabase(url: string, instead = ''): Promise<void> {
  const { host, pathname } = new URL(url)
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => {} })
  try {
    await sql`select 1`
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const reason = 'code' in error ? String(error.code) : error.message
    const what =
      error instanceof postgres.PostgresError
        ? `${host}${pathname} cannot be used (${error.message})`
        : `no PostgreSQL answers at ${host} (${reason})`
    throw new Error(`DATABASE_URL: ${what}${instead}`)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
