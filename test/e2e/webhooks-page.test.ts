import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { createServer, type RequestListener, type Server } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { root } from '@keepr/dev-env/data-dir'
import { developmentToken } from '@keepr/dev-env/development-token'
import { freePort } from '@keepr/dev-env/free-port'
import { type Network, startNetwork } from '@keepr/dev-env/network'
import { signedAsWebhook } from '@keepr/dev-env/testing/signed-as-webhook'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { WebhookPayload } from '@keepr/shared/schemas/webhook'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'

const page = readFileSync(join(root, 'docs/WEBHOOKS.md'), 'utf8')
const block = (fence: string) => {
  const [, code] = new RegExp(`^\`\`\`${fence}\n([^]*?)^\`\`\``, 'mu').exec(page) ?? []
  if (code === undefined) throw new Error(`the page has no block ${fence}`)
  return code
}
const folder = mkdtempSync(join(tmpdir(), 'keepr-webhooks-page-'))
const secret = `whsec_${randomBytes(32).toString('base64')}`
const secondSecret = `whsec_${randomBytes(32).toString('base64')}`
const running: ChildProcess[] = []
let network: Network
let receiverPort: number
let env: NodeJS.ProcessEnv
let printed = ''

let checkr: Server | undefined
const released = Promise.withResolvers<void>()
let valid = true

/** A validator that judges a first version not before it is told to. */
async function startUnevenCheckr(): Promise<string> {
  const port = await freePort()
  const judge: RequestListener = (request, response) =>
    void (async () => {
      const { artifact } = JSON.parse(await text(request)) as { artifact: { version: string } } // SAFETY: Keepr's own request.
      if (artifact.version === '1') await released.promise
      response.end(JSON.stringify({ valid }))
    })()
  checkr = createServer(judge).listen(port, '127.0.0.1')
  await once(checkr, 'listening')
  return `http://127.0.0.1:${port}/`
}

beforeAll(async () => {
  chmodSync(folder, 0o755) // the database's user passes through
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const file of ['inventory.mjs', 'receiver.mjs', 'catch-up.mjs', 'follow.mjs'])
    writeFileSync(join(folder, file), block(`js ${file.replace('.', String.raw`\.`)}`))
  const configDir = join(folder, 'config')
  mkdirSync(configDir)
  const types = join(configDir, 'artifact_type_config.yaml')
  copyFileSync(join(root, 'config/artifact_type_config.yaml'), types)
  const url = await startUnevenCheckr()
  appendFileSync(
    types,
    `  raced:\n    requires_validation: true\n    on_recheck_failure: block\n    validator:\n      url: ${url}\n`,
  )
  writeFileSync(join(configDir, 'webhooks.yaml'), block('yaml'))
  receiverPort = await freePort()
  network = await startNetwork({
    port: await freePort(),
    dataDir: join(folder, 'data'),
    configDir,
    durable: false,
    env: {
      INVENTORY_ADDRESS: `127.0.0.1:${receiverPort}`,
      INVENTORY_SECRET: secret,
      WEBHOOK_SCHEDULE: '200ms,200ms,200ms,60s',
      LOG_LEVEL: 'error',
    },
  })
  env = {
    ...process.env,
    KEEPR: network.url,
    TOKEN: await tokenOf('consumer'),
    PORT: String(receiverPort),
    WEBHOOK_SECRETS: `${secondSecret} ${secret}`,
    STATE_FILE: join(folder, 'received.json'),
  }
}, 90_000)
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await network?.stop()
  checkr?.close()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

const tokenOf = (role: string) =>
  developmentToken({ secret: network.jwtSecret, group: 'docs', user: 'dora', roles: [role], expires: '1h' })
const ask = async (path: string, body?: object, { role = 'admin', prefer = 'wait=20' } = {}) => {
  const headers = {
    authorization: `Bearer ${await tokenOf(role)}`,
    'content-type': 'application/json',
    prefer,
  }
  const answer = await fetch(
    `${network.url}${path}`,
    body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers },
  )
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> } // SAFETY: every answer is an object.
}
const publish = async (name: string, content: unknown, more: object = {}) =>
  expect(await ask('/artifacts/', { name, type: 'prompt', content, ...more })).toMatchObject({
    status: 201,
    body: { status: 'published' },
  })
function run(file: string, more: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(process.execPath, [join(folder, file)], {
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.push(child)
  child.stdout?.on('data', (chunk: Buffer) => {
    printed += chunk.toString()
  })
  return child
}
const inUse = async () => (await (await fetch(`http://127.0.0.1:${receiverPort}/`)).json()) as Record<string, string>
const uses = (name: string, version: string | undefined, type = 'prompt') =>
  waitFor(async () => (await inUse())[`docs/${type}/${name}`] === version, `${name}@${version} to be in use`, 60_000)
/** The receiver has taken the event of which an artifact's version tells. */
async function hasTaken(path: string, event_type: string) {
  const { body } = await ask(`${path}/events`)
  const events = body['items'] as { id: string; event_type: string }[] // SAFETY: compared below.
  const id = events.find((event) => event.event_type === event_type)?.id
  return id !== undefined && JSON.parse(readFileSync(join(folder, 'received.json'), 'utf8')).taken.includes(id) === true
}
const post = (body: string, headers: Record<string, string>) =>
  fetch(`http://127.0.0.1:${receiverPort}/`, { method: 'POST', body, headers })

test('the example of a webhook is one', () => {
  const example: unknown = JSON.parse(block('json'))
  expect(v.parse(WebhookPayload, example)).toEqual(example)
})

test('the receiver takes what is signed, once, and nothing else', { timeout: 120_000 }, async () => {
  await publish('welcome', 'Hello') // before anybody listens: it is sent again
  run('receiver.mjs')
  await waitFor(() => printed.includes('listening'), 'the receiver to listen')
  await uses('welcome', '1')
  await publish('welcome', 'Good morning')
  await uses('welcome', '2')
  expect(await ask('/artifacts/welcome/2/rollback', {})).toMatchObject({ status: 200 })
  await uses('welcome', '1')

  const event = (more: object = {}) =>
    JSON.stringify({
      type: 'artifact.published',
      timestamp: new Date().toISOString(),
      data: { event_id: randomUUID(), group_id: 'docs', artifact: { type: 'prompt', name: 'unheard-of' }, ...more },
    })
  const sent = async (body: string, headers: Record<string, string>) => (await post(body, headers)).status
  const signed = (body: string, more: { id?: string; secret?: string; at?: Date } = {}) =>
    sent(body, signedAsWebhook(body, { id: randomUUID(), secret, ...more }))
  const taken = () => JSON.parse(readFileSync(join(folder, 'received.json'), 'utf8')).taken.length as number // SAFETY: a list.
  const before = taken()
  expect(await sent(event(), {})).toBe(401)
  expect(await signed(event(), { secret: `whsec_${randomBytes(32).toString('base64')}` })).toBe(401)
  expect(await signed(event(), { at: new Date(Date.now() - 600_000) })).toBe(401)
  const changed = event()
  expect(await sent(`${changed} `, signedAsWebhook(changed, { id: randomUUID(), secret }))).toBe(401)
  expect(await signed(event({ test: true }))).toBe(204)
  expect(taken()).toBe(before)
  const twice = event()
  for (const with_secret of [secret, secondSecret]) expect(await signed(twice, { secret: with_secret })).toBe(204)
  expect(taken()).toBe(before + 1)
  expect(await inUse()).toEqual({ 'docs/prompt/welcome': '1' })
})

test(
  'what was delivered is in the log, and comes again under its id when it is asked for',
  { timeout: 60_000 },
  async () => {
    const log = async () => {
      const { body } = await ask('/webhooks/deliveries?status=delivered')
      return body['items'] as { id: string; event_type: string; attempts: object[] }[] // SAFETY: compared below.
    }
    const made = await waitFor(async () => {
      const items = await log()
      return items.length === 3 && items
    }, 'three deliveries to be in the log')
    expect(made.map(({ event_type }) => event_type)).toEqual(['rollback', 'published', 'published'])
    const id = made[0]?.id
    expect(await ask(`/webhooks/deliveries/${id}/redeliver`, {})).toMatchObject({ status: 202 })
    const again = async () => (await log()).find((one) => one.id === id)
    const { attempts } = await waitFor(again, 'the delivery to be made again', 60_000)
    expect(attempts).toMatchObject([{ status: 204 }, { status: 204 }])
  },
)

test(
  'what is in use is the latest that is published, in whatever order verdicts come, and none that is archived or blocked',
  { timeout: 120_000 },
  async () => {
    const raced = { name: 'race', type: 'raced' }
    const first = await ask('/artifacts/', { ...raced, content: 1 }, { prefer: '' })
    expect(first).toMatchObject({ status: 202, body: { version: '1' } })
    expect(await ask('/artifacts/', { ...raced, content: 2 })).toMatchObject({ status: 201, body: { version: '2' } })
    await uses('race', '2', 'raced')
    released.resolve()
    await waitFor(() => hasTaken('/artifacts/race/1', 'published'), 'the verdict that came late', 60_000)
    expect(await inUse()).toMatchObject({ 'docs/raced/race': '2' })

    for (const version of [7, 5]) await publish('numbered', version, { version })
    await waitFor(() => hasTaken('/artifacts/numbered/5', 'published'), 'the lower version', 60_000)
    await uses('numbered', '7')

    const move = async (version: number, how: string) =>
      expect(await ask(`/artifacts/race/${version}/${how}`, {})).toMatchObject({ status: 200 })
    await move(2, 'archive')
    await uses('race', '1', 'raced')
    await move(1, 'archive')
    await uses('race', undefined, 'raced')
    await move(2, 'restore')
    await uses('race', '2', 'raced')

    valid = false
    expect(await ask('/rechecks', { type: 'raced' }, { role: 'operator' })).toMatchObject({ status: 202 })
    await uses('race', undefined, 'raced')
  },
)

test('who was away catches up from its cursor, and keeps what it knew', { timeout: 60_000 }, async () => {
  const catchUp = async () => {
    const child = run('catch-up.mjs', { STATE_FILE: join(folder, 'caught-up.json') })
    const output: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => output.push(chunk))
    expect(await once(child, 'close')).toEqual([0, null])
    return JSON.parse(Buffer.concat(output).toString()) as unknown
  }
  const all = { 'docs/prompt/welcome': '1', 'docs/prompt/numbered': '7' }
  for (let times = 1; times <= 2; times++) expect(await catchUp()).toEqual(all)
  await publish('later', 1)
  expect(await catchUp()).toEqual({ ...all, 'docs/prompt/later': '1' })
})

test('who follows live misses nothing while the API is killed', { timeout: 120_000 }, async () => {
  run('follow.mjs', { STATE_FILE: join(folder, 'followed.json') })
  await waitFor(() => printed.includes('artifact.published later@1'), 'the stream to tell what was')
  await publish('live', 1)
  await waitFor(() => printed.includes('artifact.published live@1'), 'the stream to tell what is')
  process.kill(network.services.api.pid ?? Number.NaN, 'SIGKILL')
  await waitFor(
    () =>
      publish('live', 2).then(
        () => true,
        () => false,
      ),
    'the API to take it',
    60_000,
  )
  await waitFor(() => printed.includes('artifact.published live@2'), 'the stream to go on', 60_000)
  expect(printed.match(/artifact\.published later@1/gu)).toHaveLength(1)
})
