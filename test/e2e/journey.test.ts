import { randomBytes } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '@keepr/dev-env/data-dir'
import { developmentToken } from '@keepr/dev-env/development-token'
import { freePort } from '@keepr/dev-env/free-port'
import { type Network, startNetwork } from '@keepr/dev-env/network'
import { relayBounds } from '@keepr/db/outbox/relay-bounds'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import '@keepr/dev-env/testing/database' // declares what inject() gives
import { startWebhookReceiver, type WebhookReceiver } from '@keepr/dev-env/webhook-receiver'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'

const host = '127.0.0.1'
// Two services may be down in turn, each message's lease (20 s) may have to run out first.
const SETTLED_WITHIN_MS = 60_000
/** The type that the subscriber that hangs is told of. */
const HANGING = 'chain'
const redisUrl = inject('redisUrl')

const queues = [
  { queue: 'PostgreSQL', redisUrl: undefined, there: true },
  { queue: 'Redis', redisUrl: redisUrl ?? undefined, there: redisUrl !== null },
]

describe.for(queues)('with the queue on $queue', ({ redisUrl, there }) => {
  const folder = mkdtempSync(join(tmpdir(), 'keepr-journey-'))
  let start: () => Promise<Network>
  let network: Network
  let receiver: WebhookReceiver
  /** Takes every request and answers none. */
  let silent: WebhookReceiver
  let headers: Record<string, string>

  beforeAll(async () => {
    if (!there) return
    chmodSync(folder, 0o755) // the database's user passes through
    const secret = `whsec_${randomBytes(24).toString('base64')}`
    receiver = await startWebhookReceiver({ port: await freePort(), secrets: [secret] })
    silent = await startWebhookReceiver({ port: 0, secrets: [secret], respond: () => new Promise(() => {}) })
    const configDir = writeConfiguration(folder, { journey: receiver.port, silent: silent.port })
    start = async () =>
      startNetwork({
        port: await freePort(),
        dataDir: join(folder, 'data'),
        configDir,
        durable: false,
        redisUrl,
        env: { JOURNEY_SECRET: secret, LOG_LEVEL: 'warn' },
      })
    network = await start()
    const alice = { group: 'acme', user: 'alice', roles: ['author'], expires: '1h' }
    const token = await developmentToken({ ...alice, secret: network.jwtSecret })
    headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  }, 90_000)

  afterAll(async () => {
    await silent?.stop() // first, so that nothing waits for it
    await network?.stop()
    await receiver?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  const submit = (body: object, more: Record<string, string> = {}) =>
    fetch(`${network.url}/artifacts/`, {
      method: 'POST',
      headers: { ...headers, ...more },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    })
  const read = async (path: string): Promise<Artifact> => {
    const answer = await fetch(`${network.url}${path}`, { headers })
    expect(answer.status).toBe(200)
    // SAFETY: what the API answers with 200; the assertions look at what is used.
    return (await answer.json()) as Artifact
  }
  /** The delivery log: what became of the events of each artifact on their way to a subscriber. */
  const deliveriesTo = async (subscriber: string): Promise<Delivery[]> => {
    const admin = { group: 'acme', user: 'root', roles: ['admin'], expires: '1h' }
    const token = await developmentToken({ ...admin, secret: network.jwtSecret })
    const answer = await fetch(`${network.url}/webhooks/deliveries?limit=200&subscriber=${subscriber}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(answer.status).toBe(200)
    const { items } = (await answer.json()) as { items: Delivery[] } // SAFETY: as above.
    return items
  }
  const told = (id: string, type: string) =>
    receiver.received.filter(({ body, verified }) => verified && body.includes(id) && body.includes(`"${type}"`))

  test.runIf(there)('a prompt is published, fetched, rolled forward, and its subscriber told', async () => {
    const first = await submit({ name: 'greeting', type: 'prompt', content: { text: 'Hello, {{name}}!' } })
    expect(first.status).toBe(202)
    const location = first.headers.get('location') ?? ''
    const published = await waitFor(async () => {
      const artifact = await read(location)
      return artifact.status === 'published' && artifact
    }, 'the prompt to be published')
    expect(published).toMatchObject({ version: '1', usable: true, content: { text: 'Hello, {{name}}!' } })

    const second = await submit(
      { name: 'greeting', type: 'prompt', content: { text: 'Good morning, {{name}}!' } },
      { prefer: 'wait=20' },
    )
    expect(second.status).toBe(201)
    expect(await read('/artifacts/greeting')).toMatchObject({ version: '2', status: 'published' })
    await waitFor(() => told(published.id, 'artifact.published').length > 0, 'the webhook', SETTLED_WITHIN_MS)
  })

  test.runIf(there)('a script is published or blocked as Checkr judges', async () => {
    const script = { name: 'tidy-up', type: 'python_script' }
    const good = await submit({ ...script, content: { source: 'x = 1' } }, { prefer: 'wait=20' })
    expect(await good.json()).toMatchObject({ status: 'published', validation: { state: 'passed' } })
    const bad = await submit({ ...script, content: { source: 'eval(input())' } }, { prefer: 'wait=20' })
    const blocked: unknown = await bad.json()
    expect(blocked).toMatchObject({ status: 'blocked', usable: false, validation: { state: 'failed' } })
    expect(blocked).toHaveProperty('validation.findings.0.code', 'python.eval')
    // SAFETY: the assertions above have looked at it.
    const { id } = blocked as Artifact
    await waitFor(() => told(id, 'artifact.blocked').length > 0, 'the webhook', SETTLED_WITHIN_MS)
  })

  test.runIf(there)(
    'nothing is lost when every service is killed during submissions',
    async () => {
      const victims = [network.services.validation, network.services.webhook, network.services.api]
      const accepted: { location: string; expected: string }[] = []
      for (let n = 0; n < 18; n++) {
        if (n % 6 === 3) process.kill(victims[Math.floor(n / 6)]?.pid ?? Number.NaN, 'SIGKILL')
        const bad = n % 3 === 0
        const body = {
          name: `survivor-${n}`,
          type: n % 2 ? 'prompt' : 'python_script',
          content: { source: bad && n % 2 === 0 ? `eval(${n})` : `x = ${n}` },
        }
        // As any careful client: the same key until there is an answer.
        const answer = await waitFor(
          () => submit(body, { 'idempotency-key': `survivor-${n}` }).catch(() => undefined),
          'the API to answer again',
        )
        expect(answer.status).toBe(202)
        const expected = body.content.source.startsWith('eval') ? 'blocked' : 'published'
        accepted.push({ location: answer.headers.get('location') ?? '', expected })
      }
      for (const { location, expected } of accepted) {
        const settled = await waitFor(
          async () => {
            const artifact = await read(location).catch(() => undefined) // the API may be on its way up
            return artifact && artifact.status !== 'on_verification' && artifact
          },
          `the verdict of ${location}`,
          SETTLED_WITHIN_MS,
        )
        expect(settled.status).toBe(expected)
        await waitFor(
          () => told(settled.id, `artifact.${expected}`).length > 0,
          `the webhook of ${location}`,
          SETTLED_WITHIN_MS,
        )
      }
      expect(receiver.received.every(({ verified }) => verified)).toBe(true)
      // The log says so: each webhook that came stands in it as delivered, with the attempt that was answered.
      const logged = await waitFor(
        async () => {
          const deliveries = await deliveriesTo('journey')
          return deliveries.every(({ status }) => status === 'delivered') && deliveries
        },
        'the log to tell of every delivery',
        SETTLED_WITHIN_MS,
      )
      const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
      expect(new Set(logged.map(({ webhook_id }) => webhook_id))).toEqual(new Set(ids))
      expect(logged.filter(({ attempts }) => attempts.at(-1)?.status !== 204)).toEqual([])
    },
    2 * SETTLED_WITHIN_MS,
  )

  test.runIf(there)('started again on what it has stored it goes on', async () => {
    const script = { name: 'kept', type: 'python_script' }
    await submit({ ...script, content: { source: 'x = 1' } }, { prefer: 'wait=20' })
    await network.stop()
    network = await start()
    expect(await read('/artifacts/kept')).toMatchObject({ version: '1', content: { source: 'x = 1' } })
    const next = await submit({ ...script, content: { source: 'x = 2' } }, { prefer: 'wait=20' })
    expect(await next.json()).toMatchObject({ version: '2', status: 'published' })
  })

  test.runIf(there)('a subscriber that hangs has slots of its own and no more, and delays nobody', async () => {
    const names = Array.from({ length: 40 }, (_, n) => `beside-${n}`)
    for (const name of names) expect((await submit({ name, type: HANGING, content: name })).status).toBe(202)
    const heard = (name: string) => receiver.received.some(({ body }) => body.includes(`"name":"${name}"`))
    await waitFor(() => names.every(heard), 'the others to hear of all', SETTLED_WITHIN_MS)
    await waitFor(() => silent.received.length > 0, 'the one that hangs to be called', SETTLED_WITHIN_MS)
    // Nothing was answered or given up meanwhile: what it took first is all that it was sent.
    expect(silent.received.length).toBeLessThanOrEqual(relayBounds.perLane.deliver_webhook)
    expect(await deliveriesTo('silent')).toEqual(
      names.map(() => expect.objectContaining({ status: 'pending', attempts: [] })),
    )
  })
})

type Delivery = { webhook_id: string; status: string; attempts: { status: number | null }[] }
type Artifact = { id: string; version: string; status: string }

/** The types as shipped, and subscribers of the test's own. */
function writeConfiguration(folder: string, ports: { journey: number; silent: number }): string {
  const configDir = join(folder, 'config')
  mkdirSync(configDir)
  copyFileSync(join(root, 'config/artifact_type_config.yaml'), join(configDir, 'artifact_type_config.yaml'))
  const told = (name: keyof typeof ports) => ({
    name,
    url: `http://${host}:${ports[name]}/`,
    secret: '{{JOURNEY_SECRET}}',
    events: ['published', 'blocked', 'rollback'],
  })
  // JSON is YAML.
  writeFileSync(
    join(configDir, 'webhooks.yaml'),
    JSON.stringify({ subscribers: [told('journey'), { ...told('silent'), types: [HANGING], timeout: '2m' }] }),
  )
  return configDir
}
