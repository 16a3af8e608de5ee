import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '@keepr/dev-env/data-dir'
import { developmentToken } from '@keepr/dev-env/development-token'
import { freePort } from '@keepr/dev-env/free-port'
import { startNetwork } from '@keepr/dev-env/network'
import { createTestDatabase } from '@keepr/dev-env/testing/database'
import { afterAll, expect, test } from 'vitest'

const dataDir = mkdtempSync(join(tmpdir(), 'keepr-seeded-'))
chmodSync(dataDir, 0o755) // the database's user passes through
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

test(
  'a data folder that was seeded is what npm start goes on with, at the URL that docs/backup.md tells',
  { timeout: 120_000 },
  async () => {
    const env = { PATH: process.env['PATH'], KEEPR_DATA_DIR: dataDir }
    const seed = () =>
      promisify(execFile)(process.execPath, [join(root, 'bench/seed/main.ts'), '--artifacts', '1k'], {
        env,
        cwd: tmpdir(),
      })
    expect((await seed()).stdout).toContain('done')
    await expect(seed()).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('seed an empty one') })

    const configDir = join(root, 'config')
    await using network = await startNetwork({ port: await freePort(), dataDir, configDir, durable: false })
    const [line] = /^MEMBER_URL=.*$/mu.exec(readFileSync(join(root, 'docs/backup.md'), 'utf8')) ?? []
    const script = `${line?.replaceAll('.keepr', dataDir)}; printf %s "$MEMBER_URL"`
    expect((await promisify(execFile)('bash', ['-eu', '-c', script])).stdout).toBe(network.databaseUrl)

    const alice = { secret: network.jwtSecret, group: 'acme', user: 'alice', roles: ['author'], expires: '1h' }
    const headers = { authorization: `Bearer ${await developmentToken(alice)}` }
    const res = await fetch(`${network.url}/artifacts/?type=prompt&limit=1`, { headers })
    expect(await res.json()).toMatchObject({ items: [{ status: 'published', group_id: 'acme' }] })
  },
)

test('what npm run seed makes is as npm run verify wants it, with another number of versions too', async () => {
  await using database = await createTestDatabase()
  const env = { PATH: process.env['PATH'], DATABASE_URL: database.adminUrl }
  const command = (file: string, ...args: string[]) =>
    promisify(execFile)(process.execPath, [join(root, file), ...args], { env })
  await command('bench/seed/main.ts', '--artifacts', '350', '--versions', '70', '--bytes', '100')
  const { stdout } = await command('packages/dev-env/src/verify.ts', '--quiet')
  expect(stdout).toContain('Everything is as promised')
  const [archived] = await database.admin`select count(*)::int as rows from artifact_history`
  expect(archived?.['rows']).toBeGreaterThan(0)
  const [future] = await database.admin`select count(*)::int as rows from artifact_active where created_at > now()`
  expect(future?.['rows']).toBe(0)
}, 120_000)
