import { Queue, Worker } from 'bullmq'
import type { Cluster, Redis } from 'ioredis'
import { openRedis } from '../redis/open-redis.ts'
import { hostsOf } from '../redis/redis-url.ts'
import { type QueueBackend, WORKER_OPTIONS } from './backend.ts'

/** In braces, so that a Cluster keeps all keys in one slot: BullMQ's scripts touch several at once. */
const PREFIX = '{keepr}'
/** BullMQ's own strategy waits up to 20 s after a restart. */
const retryStrategy = (times: number) => Math.min(times * 100, 1000)
const CONNECTION = { retryStrategy, connectTimeout: 2000, keepAlive: 10_000 } as const
const FOR_PRODUCER = { ...CONNECTION, enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 1000 }
const FOR_WORKER = { ...CONNECTION, maxRetriesPerRequest: null }

/** BullMQ on Redis. A frozen Redis answers nothing and refuses nothing, so a producer's commands have a time-out. */
export function redisBackend(url: string, onError: (error: Error) => void): QueueBackend {
  const open = (options: Parameters<typeof openRedis>[1]) => {
    const connection = openRedis(url, options)
    connection.on('error', onError)
    return connection
  }

  return {
    store: `REDIS_URL (${hostsOf(url)})`,
    bulkFrom: 2,
    probe: () => probe(url, onError),
    // Counting is a producer's business also in a worker: a blocked command must not hide that Redis is gone.
    makeQueue: (name) => {
      const connection = open(FOR_PRODUCER)
      return closing(new Queue(name, { connection, prefix: PREFIX, skipMetasUpdate: true }), connection)
    },
    makeWorker: (name, processor, concurrency) => {
      const connection = open(FOR_WORKER)
      return closing(
        new Worker(name, processor, { ...WORKER_OPTIONS, connection, prefix: PREFIX, concurrency }),
        connection,
      )
    },
    isRefusal: () => false, // ids are checked before; whatever Redis says concerns all messages (memory, read-only, loading)
    close: () => Promise.resolve(), // connections belong to the queues and workers
  }
}

/** BullMQ leaves a connection open that it was given. */
function closing<T extends { close(force?: boolean): Promise<void> }>(made: T, connection: Redis | Cluster): T {
  const close = made.close.bind(made)
  made.close = async (force) => {
    try {
      await close(force)
    } finally {
      connection.disconnect()
    }
  }
  return made
}

async function probe(url: string, onError: (error: Error) => void): Promise<string | undefined> {
  const redis = openRedis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 1500,
    commandTimeout: 1000,
  })
  let fault: Error | undefined
  redis.on('error', (error: Error) => {
    fault = error
    onError(error)
  })
  try {
    // It fails by "Connection is closed." only: what happened is told beside it.
    await redis.connect().catch((error: unknown) => {
      throw fault ?? error
    })
    // It may answer and take nothing: a replica after a failover, no memory left, a disk that is full.
    await redis.set(`${PREFIX}:probe`, '', 'PX', 1000)
    const policy = /^maxmemory_policy:(\S+)/m.exec(await redis.info('memory'))?.[1]
    return policy === undefined || policy === 'noeviction'
      ? undefined
      : `Redis may drop messages: its maxmemory-policy is ${policy}, expected noeviction`
  } finally {
    redis.disconnect()
  }
}
