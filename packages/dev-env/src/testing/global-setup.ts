import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@keepr/db/migrate'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../embedded-postgres.ts'
import { startRedis } from './redis.ts'
import { testPasswords } from './database.ts'

/** One PostgreSQL for the whole run, with a migrated template that each test file clones; and one Redis where there is one. */
export default async function setUp(project: TestProject) {
  const folder = mkdtempSync(join(tmpdir(), 'keepr-test-'))
  const postgres = await startPostgres({ folder: join(folder, 'postgres'), durable: false })
  await migrate({ databaseUrl: postgres.adminUrl.replace(/\/postgres$/, '/template1'), passwords: testPasswords })
  const redis = await startRedis()
  if (!redis) console.warn('SKIPPED: no redis-server on the PATH, so nothing is tested on Redis')
  project.provide('postgresAdminUrl', postgres.adminUrl)
  project.provide('redisUrl', redis?.url ?? null)
  return async () => {
    redis?.stop()
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
