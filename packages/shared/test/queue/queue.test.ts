import { randomUUIDv7 } from 'node:crypto'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  openQueue,
  type QueueName,
  QueueUnavailable,
  startWorker,
  type WakeProcessor,
} from '../../src/runtime/queue.ts'
import type { QueueMessage } from '../../src/schemas/jobs.ts'
import { postgresStore, redisIsInstalled, redisStore, type Store } from './stores.ts'

const log = pino({ level: 'silent' })
const aMessage = (changes: Partial<QueueMessage> = {}): QueueMessage => ({
  message_id: randomUUIDv7(),
  generation: 0,
  group_id: 'acme',
  refs: [randomUUIDv7()],
  ...changes,
})
const eventually = (claim: () => void | Promise<void>) => vi.waitFor(claim, { timeout: 20_000, interval: 20 })

const stores: { kind: string; make: () => Promise<Store>; found: boolean }[] = [
  { kind: 'PostgreSQL', make: postgresStore, found: true },
  { kind: 'Redis', make: redisStore, found: redisIsInstalled },
]

describe.each(stores)('the queue on $kind', { timeout: 60_000 }, ({ kind, make, found }) => {
  if (!found) {
    test.skip(`skipped: there is no redis-server on the PATH, so the queue on ${kind} is not tested here`)
    return
  }
  let store: Store
  beforeAll(async () => {
    store = await make()
    await store.start()
  }, 60_000)
  afterAll(() => store.destroy())

  const opened = (name: QueueName) => {
    const queue = openQueue(name, store.settings, { log })
    onTestFinished(() => queue.close())
    return queue
  }
  const working = (name: QueueName, processor: WakeProcessor, concurrency = 8) => {
    const worker = startWorker(name, processor, { settings: store.settings, concurrency, log })
    onTestFinished(() => worker.close(500))
    return worker
  }

  test('carries messages to a worker and keeps nothing of them', async () => {
    const seen: QueueMessage[] = []
    working('validation', async (message) => void seen.push(message))
    const queue = opened('validation')
    const messages = Array.from({ length: 60 }, () => aMessage({ traceparent: '00-aa-bb-01' }))
    expect(await queue.addBulk(messages.slice(0, 50))).toEqual([])
    expect(await queue.addBulk(messages.slice(50))).toEqual([])
    await eventually(() => expect(seen).toHaveLength(60))
    expect(seen.toSorted(byId)).toEqual(messages.toSorted(byId))
    await eventually(async () => expect(await queue.counts()).toEqual({ waiting: 0, active: 0 }))
    expect(queue.health()).toEqual({ state: 'ok' })
    // The same id runs again, as the first job left nothing behind.
    await queue.addBulk(messages.slice(0, 1))
    await eventually(() => expect(seen).toHaveLength(61))
  })

  test('does not add a message twice that is still kept, but does add its next generation', async () => {
    const queue = opened('events')
    const message = aMessage()
    await queue.addBulk([message])
    await queue.addBulk([message])
    expect((await queue.counts()).waiting).toBe(1)
    await queue.addBulk([{ ...message, generation: 1 }])
    expect((await queue.counts()).waiting).toBe(2)
    const seen: number[] = []
    working('events', async ({ generation }) => void seen.push(generation))
    await eventually(() => expect(new Set(seen)).toEqual(new Set([0, 1])))
  })

  test('names what it refuses and takes the rest', async () => {
    const queue = opened('deliveries')
    const bad = aMessage({ refs: ['not-a-uuid'] })
    const good = aMessage()
    const refused = await queue.addBulk([bad, good])
    expect(refused).toEqual([{ id: bad.message_id, reason: expect.stringContaining('UUID') }])
    const seen: string[] = []
    working('deliveries', async ({ message_id }) => void seen.push(message_id))
    await eventually(() => expect(seen).toEqual([good.message_id]))
  })

  test('a message whose processing fails is tried again, also when the error text cannot be stored', async () => {
    let tries = 0
    working('events', async () => {
      tries += 1
      if (tries < 3) throw new Error(`broken \u0000 \ud800`)
    })
    const queue = opened('events')
    await queue.addBulk([aMessage()])
    await eventually(() => expect(tries).toBe(3))
    await eventually(async () => expect(await queue.counts()).toEqual({ waiting: 0, active: 0 }))
  })

  test('closing lets work finish', async () => {
    const started = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    let finished = false
    const worker = working('validation', async () => {
      started.resolve()
      await release.promise
      finished = true
    })
    await opened('validation').addBulk([aMessage()])
    await started.promise
    const closed = worker.close(5000)
    release.resolve()
    await closed
    expect(finished).toBe(true)
  })

  test('closing stops work that does not finish in time', async () => {
    const started = Promise.withResolvers<void>()
    const told = Promise.withResolvers<void>()
    const worker = working('deliveries', (_, signal) => {
      signal.addEventListener('abort', () => told.resolve())
      started.resolve()
      return new Promise(() => {}) // never settles, and heeds no signal
    })
    await opened('deliveries').addBulk([aMessage()])
    await started.promise
    const before = Date.now()
    await worker.close(1000)
    expect(Date.now() - before).toBeLessThan(2500)
    await told.promise
  })

  test('survives an outage of its store: adding fails fast, and work goes on afterwards', async () => {
    const seen: string[] = []
    const worker = working('validation', async ({ message_id }) => void seen.push(message_id))
    const queue = opened('validation')
    await queue.addBulk([aMessage()])
    await eventually(() => expect(seen.length).toBeGreaterThan(0))
    await store.stop()
    const before = Date.now()
    await expect(queue.addBulk([aMessage()])).rejects.toBeInstanceOf(QueueUnavailable)
    expect(Date.now() - before).toBeLessThan(4000)
    expect(queue.health().state).toBe('degraded')
    await eventually(() => expect(worker.health().state).toBe('degraded'))
    await store.start()
    const message = aMessage()
    await eventually(() => queue.addBulk([message]).then(() => {}))
    await eventually(() => expect(seen).toContain(message.message_id))
    await eventually(() => expect(queue.health().state).toBe('ok'))
  })

  test('can be opened while its store is down, and closed too', async () => {
    await store.stop()
    const seen: string[] = []
    const queue = opened('events')
    working('events', async ({ message_id }) => void seen.push(message_id))
    const before = Date.now()
    await expect(queue.addBulk([aMessage()])).rejects.toBeInstanceOf(QueueUnavailable)
    const another = startWorker('events', async () => {}, { settings: store.settings, concurrency: 1, log })
    await another.close(1000)
    expect(Date.now() - before).toBeLessThan(6000)
    await store.start()
    const message = aMessage()
    await eventually(() => queue.addBulk([message]).then(() => {}))
    await eventually(() => expect(seen).toContain(message.message_id))
  })

  test('lets a worker be closed at every moment of its start, and the process end', async () => {
    const thread = new Worker(new URL('close-while-connecting.ts', import.meta.url), {
      workerData: store.settings,
      execArgv: [],
    })
    onTestFinished(async () => void (await thread.terminate()))
    const [code] = await once(thread, 'exit', { signal: AbortSignal.timeout(40_000) })
    expect(code).toBe(0)
  })

  test.runIf(kind === 'Redis')('does not hang while Redis is frozen', async () => {
    const queue = opened('deliveries')
    await queue.counts()
    store.freeze()
    onTestFinished(() => store.thaw())
    const before = Date.now()
    await expect(queue.addBulk([aMessage()])).rejects.toBeInstanceOf(QueueUnavailable)
    expect(Date.now() - before).toBeLessThan(3000)
  })

  test.runIf(kind === 'Redis')('is degraded when Redis may drop messages', async () => {
    const redis = new Redis(store.settings.redisUrl ?? '')
    onTestFinished(async () => {
      await redis.config('SET', 'maxmemory-policy', 'noeviction')
      redis.disconnect()
    })
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
    const queue = opened('validation')
    await eventually(() =>
      expect(queue.health()).toEqual({ state: 'degraded', reason: expect.stringContaining('allkeys-lru') }),
    )
    expect(await queue.addBulk([aMessage()])).toEqual([])
  })

  test.runIf(kind === 'Redis')('is degraded, and its workers too, for as long as Redis takes no writes', async () => {
    const redis = new Redis(store.settings.redisUrl ?? '')
    onTestFinished(async () => {
      await redis.replicaof('NO', 'ONE')
      redis.disconnect()
    })
    const told: string[] = []
    const queue = openQueue('events', store.settings, {
      log,
      tell: (_queue, _store, { state }) => void told.push(state),
    })
    onTestFinished(() => queue.close())
    const worker = working('events', async () => {})
    await eventually(() => expect([queue.health().state, worker.health().state]).toEqual(['ok', 'ok']))
    await redis.replicaof('127.0.0.1', 1)
    await expect(queue.addBulk([aMessage()])).rejects.toBeInstanceOf(QueueUnavailable)
    told.length = 0
    await eventually(() => expect(told.length).toBeGreaterThan(2)) // it has looked again and again
    expect(told).not.toContain('ok')
    const readOnly = { state: 'degraded', reason: expect.stringContaining('READONLY') }
    await eventually(() => expect([queue.health(), worker.health()]).toEqual([readOnly, readOnly]))
  })
})

const byId = (a: QueueMessage, b: QueueMessage) => (a.message_id < b.message_id ? -1 : 1)
