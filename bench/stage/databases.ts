import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgres, type EmbeddedPostgres } from '@keepr/dev-env/embedded-postgres'
import { rolePasswords } from '@keepr/dev-env/role-passwords'
import { migrate } from '@keepr/db/migrate'
import { postgres } from '@keepr/db/driver/postgres'
import { seed } from '../seed/seed.ts'
import type { SeedShape } from '../seed/seed-shape.ts'

export type Databases = AsyncDisposable & {
  adminUrl: string
  /** Of the server; it may have been started again. */
  pid(): number
  /** A seeded database that is kept from run to run. */
  seeded(shape: SeedShape): Promise<string>
  /** A seeded one that is in memory, as a fresh copy of one is: what was not used for a while is on the disk alone. */
  warmed(shape: SeedShape): Promise<string>
  /** A fresh copy of a seeded one, so that each run starts from the same rows. */
  copyOf(shape: SeedShape, name: string): Promise<string>
}

/** The bench's own PostgreSQL, durable as that of `npm start`, with its databases. */
export async function openDatabases(folder: string, progress: (step: string) => void): Promise<Databases> {
  const server: EmbeddedPostgres = await startPostgres({ folder, durable: true })
  const admin = postgres(server.adminUrl, { max: 1, onnotice: () => {} })
  const urlOf = (name: string) => Object.assign(new URL(server.adminUrl), { pathname: `/${name}` }).href
  const prepare = (url: string) => migrate({ databaseUrl: url, passwords: rolePasswords(server.adminUrl) })

  async function seeded(shape: SeedShape): Promise<string> {
    const name = `keepr_seed_${shape.artifacts}_${shape.versions}`
    const url = urlOf(name)
    const [known] = await admin`select from pg_database where datname = ${name}`
    if (known) {
      await prepare(url) // migrations may have come since
      return url
    }
    // Made under another name, so that a run that was interrupted leaves no half of it.
    const making = `${name}_making`
    await admin`drop database if exists ${admin(making)} with (force)`
    await admin`create database ${admin(making)}`
    await prepare(urlOf(making))
    await seed(urlOf(making), shape, progress)
    await admin`alter database ${admin(making)} rename to ${admin(name)}`
    return url
  }

  async function warmed(shape: SeedShape): Promise<string> {
    const url = await seeded(shape)
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    await sql`create extension if not exists pg_prewarm`
    await sql`
      select pg_prewarm(oid, 'read') from pg_class
       where relkind in ('r', 'i') and relnamespace = 'public'::regnamespace`
    await sql`drop extension pg_prewarm`
    await sql.end()
    return url
  }

  async function copyOf(shape: SeedShape, name: string): Promise<string> {
    const source = new URL(await seeded(shape)).pathname.slice(1)
    await admin`drop database if exists ${admin(name)} with (force)`
    await admin`create database ${admin(name)} template ${admin(source)}`
    return urlOf(name)
  }

  const close = async () => {
    await admin.end({ timeout: 5 })
    await server.stop()
  }
  const pid = () => Number(readFileSync(join(folder, 'cluster/postmaster.pid'), 'utf8').split('\n', 1)[0])
  return { adminUrl: server.adminUrl, pid, seeded, warmed, copyOf, [Symbol.asyncDispose]: close }
}
