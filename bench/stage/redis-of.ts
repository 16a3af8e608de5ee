import { startRedis } from '@keepr/dev-env/testing/redis'

export type BenchRedis = AsyncDisposable & {
  /** Each product has a database of its own there; undefined when the queue is on PostgreSQL. */
  url(database: number): string | undefined
}

/** The Redis of REDIS_URL, or one of the bench's own. */
export async function redisOf(queue: 'redis' | 'postgres'): Promise<BenchRedis> {
  if (queue === 'postgres') return { url: () => undefined, [Symbol.asyncDispose]: async () => {} }
  const given = process.env['REDIS_URL']
  const own = given ? undefined : await startRedis()
  const base = given ?? own?.url
  if (base === undefined) throw new Error('no Redis: set REDIS_URL, or install redis-server, or use --queue postgres')
  return {
    url: (database) => `${base.replace(/\/\d*$/u, '')}/${database}`,
    [Symbol.asyncDispose]: async () => own?.stop(),
  }
}
