import { join } from 'node:path'
import { developmentToken } from '@keepr/dev-env/development-token'
import { freePort } from '@keepr/dev-env/free-port'
import { type Network, startNetwork } from '@keepr/dev-env/network'
import type { Sql } from 'postgres'
import { postgres } from '@keepr/db/driver/postgres'
import { SEED_AUTHOR, SEED_GROUP } from '../seed/seed-shape.ts'

export type Product = AsyncDisposable & {
  url: string
  network: Network
  /** Of an admin of the seeded group. */
  headers: Record<string, string>
  /** As the superuser: to look, and to choose what is asked for. */
  sql: Sql
  databaseUrl: string
}

export type ProductOptions = {
  databaseUrl: string
  dataDir: string
  redisUrl: string | undefined
  env: Record<string, string>
}

/** Keepr as `npm start` runs it, on a seeded database, with the bench's types and subscribers. */
export async function startProduct({ databaseUrl, dataDir, redisUrl, env }: ProductOptions): Promise<Product> {
  await using stack = new AsyncDisposableStack()
  const network = stack.use(
    await startNetwork({
      port: await freePort(),
      dataDir,
      configDir: join(import.meta.dirname, '../config'),
      databaseUrl,
      redisUrl,
      env: { LOG_PRETTY: 'false', LOG_LEVEL: 'warn', ...env },
      print: (line) => process.env['BENCH_VERBOSE'] && console.error(line),
    }),
  )
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => {} })
  stack.defer(() => sql.end({ timeout: 5 }))
  const token = await developmentToken({
    secret: network.jwtSecret,
    group: SEED_GROUP,
    user: SEED_AUTHOR,
    roles: ['admin'],
    expires: '6h',
  })
  const owned = stack.move()
  return {
    url: network.url,
    network,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    sql,
    databaseUrl,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
