import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { openQueue } from '@keepr/shared/runtime/queue'
import { createLog } from '@keepr/shared/runtime/log'
import { createRedactor } from '@keepr/shared/runtime/redactor'
import { postgres } from '@keepr/db/driver/postgres'
import { freePort } from '../free-port.ts'
import { startSampleCheckr } from '../sample-checkr/server.ts'
import { writeConfiguration } from './configuration.ts'
import type { Victims } from './faults/fault.ts'
import type { Evidence } from './invariants/invariant.ts'
import { startProduct } from './product.ts'
import { startRedisStore } from './redis-store.ts'
import { startSubscriber } from './subscriber.ts'

/** What a run plays on: the product, and everything around it. */
export type Stage = AsyncDisposable & {
  victims: Victims
  subscribers: Evidence['subscribers']
  /** All that the queues hold. */
  countJobs(): Promise<number>
}

type Options = { folder: string; queue: 'redis' | 'postgres'; note: (line: string) => void }

/** Enough for retries of minutes to come within the time that a live subscriber has to be told. */
const WEBHOOK_SCHEDULE = Array.from({ length: 60 }, (_, n) => `${Math.min(n + 1, 8)}s`).join(',')

export async function openStage({ folder, queue, note }: Options): Promise<Stage> {
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
  const { checkr, port: checkrPort } = await openCheckr()
  stack.defer(() => checkr.down())
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
  const owned = stack.move()
  return {
    victims: { product, admin, redis, checkr, flaky: subscribers.flaky },
    subscribers,
    countJobs: () => countJobs({ redisUrl: redis?.url, queueDatabaseUrl: product.databaseUrl }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A validator that fails as it is told, goes away, and comes back on the same port. */
async function openCheckr(): Promise<{ checkr: Victims['checkr']; port: number }> {
  const port = await freePort()
  let mode = ''
  const open = () => startSampleCheckr({ port, token: 'unused', mode: () => mode })
  let server = await open()
  const checkr = {
    fail: (next: string) => void (mode = next),
    down: () => server.stop(),
    up: async () => void (server = await open()),
  }
  return { checkr, port }
}

async function countJobs(settings: { redisUrl: string | undefined; queueDatabaseUrl: string }): Promise<number> {
  const log = createLog({ service: 'chaos', level: 'fatal', pretty: false, redactor: createRedactor() })
  let jobs = 0
  for (const name of ['validation', 'events', 'deliveries'] as const) {
    await using queue = openQueue(name, settings, { log })
    const { waiting, active } = await queue.counts()
    jobs += waiting + active
  }
  return jobs
}
