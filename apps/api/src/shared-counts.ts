import type { Log } from '@keepr/shared/runtime/log'
import { openRedis } from '@keepr/shared/runtime/redis/open-redis'
import type { ApiMetrics } from './api-metrics.ts'

/** One script and one key: atomic, and at home on one node of a Cluster. */
export type CountScript = { script: string; key: string; args: readonly (string | number)[] }

/** Counts that all API processes share. */
export type SharedCounts = {
  /** What the script answers; undefined where there is no Redis or it does not answer: then the caller counts by itself. */
  run(asked: CountScript): Promise<readonly number[] | undefined>
  close(): void
}

type Told = { log: Log; metrics: Pick<ApiMetrics, 'limitsShared'> }

const answersWithinMs = 1000
const restMs = 5000

/**
 * Keeps the counts of limits in Redis when there is one. A Redis that is down or frozen costs one request a second now and
 * then and never an answer: meanwhile each process counts for itself.
 */
export function openSharedCounts(redisUrl: string | undefined, { log, metrics }: Told): SharedCounts {
  if (redisUrl === undefined) return { run: async () => undefined, close: () => {} }
  const redis = openRedis(redisUrl, {
    connectTimeout: 2000,
    keepAlive: 10_000,
    commandTimeout: answersWithinMs,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(times * 100, 1000),
  })
  let up = true
  let restsUntil = 0
  const fail = (error: unknown) => {
    if (up) log.warn({ err: error }, 'limits are counted by each process for itself: Redis (REDIS_URL) does not answer')
    up = false
    restsUntil = performance.now() + restMs
    metrics.limitsShared.set(0)
  }
  redis.on('error', fail)
  metrics.limitsShared.set(1)
  return {
    async run({ script, key, args }) {
      if (!up && performance.now() < restsUntil) return undefined
      // Of many requests at a time only one finds out whether it is back.
      if (!up) restsUntil = performance.now() + restMs
      try {
        // SAFETY: the scripts of this service answer with a list of integers.
        const answer = (await redis.eval(script, 1, key, ...args)) as number[]
        if (!up) log.info('limits are counted in Redis again')
        up = true
        metrics.limitsShared.set(1)
        return answer
      } catch (error) {
        fail(error)
        return undefined
      }
    },
    close: () => redis.disconnect(),
  }
}
