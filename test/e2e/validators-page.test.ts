import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '@keepr/dev-env/data-dir'
import { developmentToken } from '@keepr/dev-env/development-token'
import { freePort } from '@keepr/dev-env/free-port'
import { startNetwork } from '@keepr/dev-env/network'
import { CheckrVerdict, Finding } from '@keepr/shared/schemas/checkr'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readGuide, runGuide, says } from './guide.ts'

const folder = mkdtempSync(join(tmpdir(), 'keepr-validators-page-'))
const configDir = join(folder, 'config')
let page = readFileSync(join(root, 'docs/VALIDATORS.md'), 'utf8')
const block = (fence: string) => {
  const [, code] = new RegExp(`^\`\`\`${fence}\\n([^]*?)^\`\`\``, 'mu').exec(page) ?? []
  if (code === undefined) throw new Error(`the page has no block ${fence}`)
  return code
}
let validator: ChildProcess

beforeAll(async () => {
  chmodSync(folder, 0o755) // the database's user passes through
  cpSync(join(root, 'config'), configDir, { recursive: true })
  const port = await freePort()
  page = page.replaceAll('127.0.0.1:9000', `127.0.0.1:${port}`)
  writeFileSync(join(folder, 'no-todos.mjs'), block(String.raw`js no-todos\.mjs`))
  const env = { ...process.env, PORT: String(port), MY_TOKEN: 'a-token' }
  validator = spawn(process.execPath, [join(folder, 'no-todos.mjs')], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  if (validator.stdout) await once(validator.stdout, 'data')
})
afterAll(() => {
  validator.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

test("a type of one's own judges what the page says", { timeout: 120_000 }, async () => {
  const [conformance, check, submission] = readGuide(page)
  const env = { ...process.env, KEEPR_CONFIG_DIR: configDir }
  const run = (script = '') => promisify(execFile)('bash', ['-eu', '-c', script], { cwd: root, env })
  expect((await run(conformance?.script)).stdout).toContain('The validator keeps the contract.')
  appendFileSync(join(configDir, 'artifact_type_config.yaml'), block('yaml'))
  expect((await run(check?.script)).stdout).toMatch(/artifact_type_config\.yaml: correct; needs .*MY_TOKEN/)

  await using network = await startNetwork({
    port: await freePort(),
    dataDir: join(folder, 'data'),
    configDir,
    durable: false,
    env: { MY_TOKEN: 'a-token' },
  })
  const alice = { secret: network.jwtSecret, group: 'acme', user: 'alice', roles: ['author'], expires: '1h' }
  const [answer] = await runGuide(submission ? [submission] : [], {
    cwd: root,
    env: { ...process.env, KEEPR: network.url, TOKEN: await developmentToken(alice) },
  })
  expect(answer?.status).toBe(submission?.statuses[0])
  expect(says(JSON.parse(answer?.body ?? ''), JSON.parse(submission?.expected ?? '')), answer?.body).toBe(true)
})

test('the complete answer is one that keeps the contract', () => {
  const [, text = ''] = /A complete answer:\n\n```json\n([^]*?)^```/mu.exec(page) ?? []
  const answer = JSON.parse(text)
  expect(v.parse(CheckrVerdict, answer)).toEqual(answer)
  expect(v.parse(v.array(Finding), answer.findings)).toEqual(answer.findings)
})
