import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { type QueueBackend, type QueueUse, WORKER_OPTIONS } from './backend.ts'

const PREFIX = 'keepr'
/** BullMQ's own strategy waits up to 20 s after a restart. */
const retryStrategy = (times: number) => Math.min(times * 100, 1000)
const CONNECTION = { retryStrategy, connectTimeout: 2000, keepAlive: 10_000 } as const

/** BullMQ on Redis. A frozen Redis answers nothing and refuses nothing, so a producer's commands have a time-out. */
export function redisBackend(url: string, use: QueueUse, onError: (error: Error) => void): QueueBackend {
  const connection =
    use === 'producer'
      ? { url, ...CONNECTION, enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 1000 }
      : { url, ...CONNECTION, maxRetriesPerRequest: null }
  // Counting is a producer's business also in a worker: a blocked command must not hide that Redis is gone.
  const counting = { url, ...CONNECTION, enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 1000 }

  return {
    kind: 'redis',
    bulkFrom: 2,
    probe: () => probe(url, onError),
    makeQueue: (name) => new Queue(name, { connection: counting, prefix: PREFIX, skipMetasUpdate: true }),
    makeWorker: (name, processor, concurrency) =>
      new Worker(name, processor, { ...WORKER_OPTIONS, connection, prefix: PREFIX, concurrency }),
    isRefusal: () => false, // ids are checked before; whatever Redis says concerns all messages (memory, read-only, loading)
    close: () => Promise.resolve(), // connections belong to the queues and workers
  }
}

async function probe(url: string, onError: (error: Error) => void): Promise<string | undefined> {
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    connectTimeout: 1500,
    commandTimeout: 1000,
  })
  redis.on('error', onError)
  try {
    await redis.connect()
    const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1]
    return policy === undefined || policy === 'noeviction'
      ? undefined
      : `Redis may drop messages: its maxmemory-policy is ${policy}, expected noeviction`
  } finally {
    redis.disconnect()
  }
}
