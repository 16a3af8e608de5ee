import { mkdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { openQueue } from '@keepr/shared/runtime/queue'
import { createLog } from '@keepr/shared/runtime/log'
import { createRedactor } from '@keepr/shared/runtime/redactor'
import { postgres } from '@keepr/db/driver/postgres'
import { freePort } from '../free-port.ts'
import { startSampleCheckr } from '../sample-checkr/server.ts'
import { writeConfiguration } from './configuration.ts'
import { runFaults } from './faults/run-faults.ts'
import { createHistory } from './history.ts'
import { checkInvariants } from './invariants/check-invariants.ts'
import { runLoad } from './load/run-load.ts'
import { describeMeasured, measure } from './measure.ts'
import { startProduct } from './product.ts'
import { createRandom } from './random.ts'
import { startRedisStore } from './redis-store.ts'
import { report } from './report.ts'
import { settle } from './settle.ts'
import { startSubscriber } from './subscriber.ts'

export type ChaosOptions = {
  minutes: number
  seed: string
  queue: 'redis' | 'postgres'
  clients: number
  /** Everything of the run is kept here: data, configuration, the product's log. */
  folder: string
  signal: AbortSignal
  note: (line: string) => void
}

/** Load without faults, so that growth is measured against processes that have worked. */
const WARM_UP_MS = 4000
/** Users go on for a moment when everything is well again: their submissions show that a validator is back. */
const QUIET_LOAD_MS = 4000
/** Enough for retries of minutes to come within the time that a live subscriber has to be told. */
const WEBHOOK_SCHEDULE = Array.from({ length: 60 }, (_, n) => `${Math.min(n + 1, 8)}s`).join(',')

/** Breaks everything under load, lets it settle and looks whether any promise was broken. @returns the report */
export async function runChaos(options: ChaosOptions): Promise<{ text: string; held: boolean }> {
  const { minutes, seed, queue, clients, folder, signal, note } = options
  const random = createRandom(seed)
  const history = createHistory()
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  await using stack = new AsyncDisposableStack()

  const secret = `whsec_${randomBytes(24).toString('base64')}`
  const subscribers = {
    steady: await startSubscriber(secret),
    flaky: await startSubscriber(secret),
    gone: await startSubscriber(secret),
  }
  subscribers.gone.behave('gone')
  for (const subscriber of Object.values(subscribers)) stack.defer(() => subscriber.down())
  let mode = ''
  const openCheckr = (port: number) => startSampleCheckr({ port, token: 'unused', mode: () => mode })
  const checkrPort = await freePort()
  let checkr = await openCheckr(checkrPort)
  stack.defer(() => checkr.stop())
  const redis = queue === 'redis' ? await startRedisStore() : undefined
  if (redis) stack.defer(() => redis.kill())

  const ports = { steady: subscribers.steady.port, flaky: subscribers.flaky.port, gone: subscribers.gone.port }
  const configDir = writeConfiguration({ folder, checkrPort, subscribers: ports })
  note('starting the product')
  const env = { CHAOS_SECRET: secret, WEBHOOK_SCHEDULE }
  const product = await startProduct({ folder, port: await freePort(), configDir, redisUrl: redis?.url, env })
  stack.use(product)
  const admin = postgres(product.databaseUrl, { max: 3, onnotice: () => {}, connection: { application_name: 'chaos' } })
  stack.defer(() => admin.end({ timeout: 2 }))

  note('the load begins')
  const load = await runLoad({
    url: product.url,
    jwtSecret: product.jwtSecret,
    clients,
    random: random.fork('load'),
    history,
  })
  await pause(WARM_UP_MS)
  const before = await measure(product, admin)
  const beating = beat(history, note)
  const faults = await runFaults({
    victims: {
      product,
      admin,
      redis,
      flaky: subscribers.flaky,
      checkr: {
        fail: (next) => void (mode = next),
        down: () => checkr.stop(),
        up: async () => void (checkr = await openCheckr(checkrPort)),
      },
    },
    random: random.fork('faults'),
    durationMs: minutes * 60_000,
    note: (name) => note(`fault: ${name}`),
    signal,
  })
  note('the last fault is over')
  const lastFaultAt = Date.now()
  await pause(QUIET_LOAD_MS)
  await load.stop()
  const countJobs = () => countQueued(product.databaseUrl, redis?.url)
  const { tookMs: settledMs } = await settle(admin, countJobs, lastFaultAt, note)
  clearInterval(beating)
  await load.stopFollowing()

  const after = await measure(product, admin)
  const findings = await checkInvariants({
    admin,
    history,
    product,
    subscribers,
    settledMs,
    queued: await countJobs(),
    before,
    after,
  })
  const stopped = await product.stop()
  findings.push({
    promise: 'SIGTERM stops everything in order',
    looked: 1,
    broken: stopped === 0 ? [] : [`exit code ${stopped}`],
  })
  findings.push({
    promise: 'every fault struck and was over in time',
    looked: faults.struck.size,
    broken: faults.failed,
  })
  const held = findings.every(({ broken }) => broken.length === 0)
  const again = `npm run chaos -- --minutes ${minutes} --seed ${seed} --queue ${queue} --clients ${clients}`
  const text = report({
    title: `chaos: ${minutes} minutes, seed ${seed}, queue on ${queue}, ${clients} clients`,
    history,
    struck: faults.struck,
    findings,
    resources: [`at first: ${describeMeasured(before)}`, `at last:  ${describeMeasured(after)}`],
    settledMs,
  })
  const verdict = held
    ? '\nEvery invariant held.'
    : `\nAn invariant was broken. The same again: ${again}\nIts data and log: ${join(folder)}`
  return { text: text + verdict, held }
}

/** One line now and then while it runs. */
function beat(history: ReturnType<typeof createHistory>, note: (line: string) => void): NodeJS.Timeout {
  return setInterval(() => {
    const answered = [...history.statuses.values()].reduce((sum, count) => sum + count, 0)
    note(`${answered} requests, ${history.acked.length} versions accepted, ${history.complaints.length} complaints`)
  }, 10_000).unref()
}

async function countQueued(queueDatabaseUrl: string, redisUrl: string | undefined): Promise<number> {
  const log = createLog({ service: 'chaos', level: 'fatal', pretty: false, redactor: createRedactor() })
  let jobs = 0
  for (const name of ['validation', 'events', 'deliveries'] as const) {
    await using queue = openQueue(name, { redisUrl, queueDatabaseUrl }, { log })
    const { waiting, active } = await queue.counts()
    jobs += waiting + active
  }
  return jobs
}
