import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@keepr/db/migrate'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../embedded-postgres.ts'
import { testPasswords } from './database.ts'
import { startRedis } from './redis.ts'

/**
 * One PostgreSQL for the whole run, with a migrated template that each test file clones; and one Redis where there is one.
 * KEEPR_TEST_CONTAINERS=1 takes both from containers. Otherwise PostgreSQL is the embedded one, and Redis a redis-server
 * on the PATH, or a container where Docker answers. KEEPR_TEST_POSTGRES_BIN names the folder of another PostgreSQL's programs.
 */
export default async function setUp(project: TestProject) {
  const inContainers = process.env['KEEPR_TEST_CONTAINERS'] === '1' ? await loadContainers() : undefined
  if (inContainers && !(await inContainers.dockerAnswers()))
    throw new Error('KEEPR_TEST_CONTAINERS=1, but no Docker engine answers')
  const folder = mkdtempSync(join(tmpdir(), 'keepr-test-'))
  const postgres = inContainers
    ? await inContainers.startPostgresContainer()
    : await startPostgres({
        folder: join(folder, 'postgres'),
        durable: false,
        bin: process.env['KEEPR_TEST_POSTGRES_BIN'],
      })
  await migrate({ databaseUrl: postgres.adminUrl.replace(/\/postgres$/, '/template1'), passwords: testPasswords })
  const redis = inContainers ? await inContainers.startRedisContainer() : await anyRedis()
  if (!redis) console.warn('SKIPPED: no redis-server on the PATH and no Docker engine, so nothing is tested on Redis')
  project.provide('postgresAdminUrl', postgres.adminUrl)
  project.provide('redisUrl', redis?.url ?? null)
  return async () => {
    await Promise.resolve(redis?.stop())
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

// Testcontainers brings 170 packages, which most runs have no use for.
const loadContainers = () => import('./containers.ts')

async function anyRedis() {
  const found = await startRedis()
  if (found) return found
  const { dockerAnswers, startRedisContainer } = await loadContainers()
  if (!(await dockerAnswers())) return undefined
  try {
    return await startRedisContainer()
  } catch (error) {
    // Docker that may not pull is as good as none.
    console.warn(`no Redis in a container: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}
