import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { parseRedisUrl, type RedisTarget } from './redis-url.ts'

type Options = {
  connectTimeout: number
  /** null: a command waits for as long as it takes. */
  maxRetriesPerRequest: number | null
  commandTimeout?: number
  keepAlive?: number
  enableOfflineQueue?: boolean
  lazyConnect?: boolean
  retryStrategy?: (times: number) => number | null
}

/** Opens a connection to what REDIS_URL names, whichever of the three it is. */
export function openRedis(url: string, options: Options): Redis | Cluster {
  const target = parseRedisUrl(url)
  if (target === undefined) throw new Error('REDIS_URL is none')
  if (target.kind === 'cluster') return openCluster(target, options)
  return target.kind === 'single' ? new Redis(target.url, options) : openSentinel(target, options)
}

function openSentinel(target: RedisTarget & { kind: 'sentinel' }, options: Options): Redis {
  const { sentinels, name, db, login, sentinelLogin, tls } = target
  const settings: Omit<RedisOptions, 'replyMapping'> = { ...options, ...login, sentinels, name, db }
  if (sentinelLogin.username !== undefined) settings.sentinelUsername = sentinelLogin.username
  if (sentinelLogin.password !== undefined) settings.sentinelPassword = sentinelLogin.password
  if (tls) Object.assign(settings, { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true })
  if (options.retryStrategy) settings.sentinelRetryStrategy = options.retryStrategy
  return new Redis(settings)
}

function openCluster({ nodes, login, tls }: RedisTarget & { kind: 'cluster' }, options: Options): Cluster {
  const { lazyConnect, enableOfflineQueue, retryStrategy, ...ofNodes } = options
  return new Cluster(nodes, {
    redisOptions: { ...ofNodes, ...login, ...(tls ? { tls: {} } : {}) },
    // A node's certificate is for its name, which the lookup of a Cluster would replace by an address.
    ...(tls ? { dnsLookup: (address, found) => found(null, address) } : {}),
    ...(lazyConnect === undefined ? {} : { lazyConnect }),
    ...(enableOfflineQueue === undefined ? {} : { enableOfflineQueue }),
    ...(retryStrategy ? { clusterRetryStrategy: retryStrategy } : {}),
  })
}
