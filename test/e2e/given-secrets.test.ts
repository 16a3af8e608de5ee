import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '@keepr/dev-env/data-dir'
import { developmentToken } from '@keepr/dev-env/development-token'
import { freePort } from '@keepr/dev-env/free-port'
import { startNetwork } from '@keepr/dev-env/network'
import { expect, onTestFinished, test, vi } from 'vitest'

test('npm start goes by the secrets that it is given, in files too', { timeout: 90_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keepr-given-'))
  chmodSync(folder, 0o755) // the database's user passes through
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const secret = 'a secret of this test, long enough for HS256'
  vi.stubEnv('JWT_SECRET_FILE', file('jwt-secret', `${secret}\n`))
  vi.stubEnv('DATABASE_URL_FILE', file('database-url', 'postgres://nobody@127.0.0.1:1/nothing'))
  vi.stubEnv('PYTHON_VALIDATOR_TOKEN', 'given')
  onTestFinished(() => void vi.unstubAllEnvs())
  const dataDir = join(folder, 'data')
  await using network = await startNetwork({
    port: await freePort(),
    dataDir,
    configDir: join(root, 'config'),
    durable: false,
    env: { LOG_LEVEL: 'error' },
  })
  const token = await developmentToken({ secret, group: 'acme', user: 'alice', roles: ['author'], expires: '1h' })
  const answer = await fetch(`${network.url}/artifacts/`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', prefer: 'wait=20' },
    body: JSON.stringify({ name: 'given', type: 'python_script', content: { source: 'x = 1' } }),
  })
  expect(await answer.json()).toMatchObject({ status: 'published', validation: { state: 'passed' } })
})
