import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '@keepr/dev-env/data-dir'
import { createTestDatabase } from '@keepr/dev-env/testing/database'
import { expect, test } from 'vitest'

const run = promisify(execFile)

test('what npm run seed makes is as npm run verify wants it, with another number of versions too', async () => {
  await using database = await createTestDatabase()
  const env = { PATH: process.env['PATH'], DATABASE_URL: database.adminUrl }
  const command = (file: string, ...args: string[]) => run(process.execPath, [join(root, file), ...args], { env })
  await command('bench/seed/main.ts', '--artifacts', '350', '--versions', '7', '--bytes', '100')
  const { stdout } = await command('packages/dev-env/src/verify.ts', '--quiet')
  expect(stdout).toContain('Everything is as promised')
  const [archived] = await database.admin`select count(*)::int as rows from artifact_history`
  expect(archived?.['rows']).toBeGreaterThan(0)
}, 120_000)
