import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '@keepr/dev-env/data-dir'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { expect, onTestFinished, test, vi } from 'vitest'

const STARTED_WITHIN_MS = 40_000
vi.setConfig({ testTimeout: 90_000 })
const nowhere = 'postgres://nobody@127.0.0.1:1/nothing'

/** Starts a service without a database, which it waits for, and collects its warnings. */
function start(service: 'api' | 'validation-worker' | 'webhook-worker', env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'keepr-warnings-'))
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text)
  write('artifact_type_config.yaml', 'types:\n  prompt:\n    requires_validation: false\n')
  write('webhooks.yaml', 'subscribers: []\n')
  const child = spawn(process.execPath, [join(root, 'apps', service, 'src/main.ts')], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: nowhere,
      QUEUE_DATABASE_URL: nowhere,
      JWT_SECRET: 'x'.repeat(32),
      PORT: '0',
      KEEPR_CONFIG_DIR: folder,
      CONFIG_POLL_INTERVAL: '50ms',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const lines = () => output.split('\n').filter((line) => line.endsWith('}'))
  const warnings = () => lines().map((line) => JSON.parse(line) as { level: string; msg: string; secret?: string })
  const warned = (part: string) =>
    waitFor(() => warnings().find(({ msg }) => msg.includes(part)), part, STARTED_WITHIN_MS)
  return { write, warned, warnings }
}

const misspelt = { KEEPR_CONFIG_DIRR: '1' }
const said = 'KEEPR_CONFIG_DIRR is no setting of Keepr'

test('the API warns of a misspelt setting, and where tokens are verified by the development secret', async () => {
  const { warned } = start('api', misspelt)
  expect(await warned(said)).toMatchObject({ level: 'warn' })
  expect(await warned('JWT_SECRET, which is for development')).toMatchObject({ level: 'warn' })
})

test('in development that secret is as it should be', async () => {
  const development = start('api', { NODE_ENV: 'development' })
  await development.warned('the API listens')
  expect(development.warnings().filter(({ msg }) => msg.includes('JWT_SECRET'))).toEqual([])
})

test.each([
  [
    'webhook-worker',
    'webhooks.yaml',
    'subscribers: [{ name: shop, url: "https://shop.example.com", events: [published], secret: "{{NOWHERE}}" }]',
  ],
  [
    'validation-worker',
    'artifact_type_config.yaml',
    'types: { script: { requires_validation: true, validator: { url: "https://{{NOWHERE}}/" } } }',
  ],
] as const)(
  'the %s warns of a misspelt setting, and of a secret that is missing since its configuration changed',
  async (service, file, text) => {
    const { write, warned } = start(service, misspelt)
    expect(await warned(said)).toMatchObject({ level: 'warn' })
    await warned('is ready')
    write(file, `${text}\n`)
    expect(await warned('a secret is missing: calls that need it fail')).toMatchObject({
      level: 'warn',
      secret: 'NOWHERE',
    })
  },
)
