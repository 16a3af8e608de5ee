import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSettings } from '@keepr/shared/runtime/settings'
import { postgres } from '@keepr/db/driver/postgres'
import { dataDirOf } from './data-dir.ts'
import { startPostgres } from './embedded-postgres.ts'
import { givenDatabaseUrl, reachGivenDatabase } from './given-database.ts'

export type MaintainedDatabase = AsyncDisposable & { url: string; described: string }

/**
 * The database that a command of the operator is about: DATABASE_URL, else the one that npm start keeps in its data folder,
 * which is started for the command's duration where it does not run. `orNew`: it is made where there is none.
 */
export async function maintainedDatabase(env: NodeJS.ProcessEnv, { orNew = false } = {}): Promise<MaintainedDatabase> {
  const given = givenDatabaseUrl(env)
  if (given !== undefined) {
    await reachGivenDatabase(given, '; unset it for the database that npm start keeps')
    const { username, host, pathname } = new URL(given)
    const described = `${pathname.slice(1)} at ${host} (as ${username})`
    return { url: given, described, [Symbol.asyncDispose]: async () => {} }
  }
  const folder = join(dataDirOf(readSettings(env, ['KEEPR_DATA_DIR']).keeprDataDir), 'postgres')
  const isThere = existsSync(join(folder, 'initialised'))
  if (!isThere && !orNew) {
    throw new Error(`${folder} holds no database: name one with DATABASE_URL, or a data folder with KEEPR_DATA_DIR`)
  }
  const running = isThere ? await runningUrl(folder) : undefined
  if (running !== undefined) return { url: running, described: folder, [Symbol.asyncDispose]: async () => {} }
  const started = await startPostgres({ folder, durable: true })
  return { url: started.adminUrl, described: folder, [Symbol.asyncDispose]: started.stop }
}

/** Starting a server stops one that runs on the folder, so it is asked first. */
async function runningUrl(folder: string): Promise<string | undefined> {
  const port = readFileSync(join(folder, 'port'), 'utf8')
  const password = readFileSync(join(folder, 'superuser-password'), 'utf8')
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} })
  try {
    const [row] = await sql<{ cluster: string }[]>`select current_setting('data_directory') as cluster`
    return row?.cluster === join(folder, 'cluster') ? url : undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ECONNREFUSED' || error.code === '28P01'))
      return undefined
    throw error
  } finally {
    await sql.end({ timeout: 1 })
  }
}
