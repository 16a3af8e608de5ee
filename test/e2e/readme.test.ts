import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '@keepr/dev-env/data-dir'
import { freePort } from '@keepr/dev-env/free-port'
import { type Network, startNetwork } from '@keepr/dev-env/network'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { readGuide, runGuide, says } from './guide.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const dataDir = mkdtempSync(join(tmpdir(), 'keepr-journey-'))
const printed: string[] = []
let network: Network

beforeAll(async () => {
  chmodSync(dataDir, 0o755) // the database's user passes through
  network = await startNetwork({
    port: await freePort(),
    dataDir,
    configDir: join(root, 'config'),
    durable: false,
    print: (line) => printed.push(line),
  })
}, 60_000)

afterAll(async () => {
  await network.stop()
  rmSync(dataDir, { recursive: true, force: true })
}, 60_000)

test('the lines of the README work as printed', async () => {
  const [, lines] = /<!-- journey[^\n]*\n```bash\n([^]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? []
  expect(lines).toBeDefined()
  const script = (lines ?? '').replace('http://127.0.0.1:8080', network.url)
  const { stdout } = await run('bash', ['-eu', '-o', 'pipefail', '-c', script], {
    cwd: root,
    env: { ...process.env, KEEPR_DATA_DIR: dataDir },
  })
  expect(stdout).toMatch(/"version":"1".*"status":"published"/)
  expect(stdout).toContain('{"text":"Hello, {{name}}!"}')
  expect(stdout).toMatch(/"version":"2".*"status":"published"/)
  expect(stdout).toMatch(/"status":"blocked".*python\.eval/)
})

test('the lines of the guide answer what it says, for each operation', { timeout: 120_000 }, async () => {
  const examples = readGuide(
    readFileSync(join(root, 'docs/API.md'), 'utf8').replace('http://127.0.0.1:8080', network.url),
  )
  const answers = await runGuide(examples, { cwd: root, env: { ...process.env, KEEPR_DATA_DIR: dataDir } })
  const wrong = examples.flatMap(({ script, statuses, expected }, n) => {
    const { status, body } = answers[n] ?? { status: '', body: '' }
    if (statuses.length === 0) return []
    const isTrue = expected.startsWith('{')
      ? says(JSON.parse(body), JSON.parse(expected))
      : body.includes(expected.trim())
    return statuses.includes(status) && isTrue ? [] : [{ script, status, body, expected }]
  })
  expect(wrong).toEqual([])

  const { paths } = JSON.parse(readFileSync(join(root, 'docs/api/openapi.json'), 'utf8')) as {
    paths: Record<string, Record<string, { operationId: string }>>
  }
  const shown = new Set(examples.filter(({ statuses }) => statuses.length > 0).map(({ operation }) => operation))
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
  expect(operations.map(({ operationId }) => operationId).filter((id) => !shown.has(id))).toEqual([])
})

test('the sample receiver is told of what was published and blocked, verifiably', async () => {
  const told = (what: string) => waitFor(() => printed.some((line) => line.includes(`verified: ${what}`)), what)
  await told('artifact.published prompt/greeting@2')
  await told('artifact.blocked python_script/tidy-up@1')
})

test('a service that is killed is up again within five seconds', async () => {
  const killed = network.services.api.pid ?? 0
  process.kill(killed, 'SIGKILL')
  const isUp = async () => network.services.api.pid !== killed && (await fetch(`${network.url}/readyz`)).ok
  await waitFor(() => isUp().catch(() => false), 'the API to be up again', 5000)
})
