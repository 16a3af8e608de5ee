import { setTimeout as pause } from 'node:timers/promises'
import { migrate } from '@keepr/db/migrate'
import { rolePasswords } from '../../role-passwords.ts'
import { signal } from '../processes.ts'
import type { RedisStore } from '../redis-store.ts'
import type { Fault, Victims } from './fault.ts'

const onRedis = (
  name: string,
  weight: number,
  strike: (redis: RedisStore, downMs: number) => Promise<unknown>,
): Fault => ({
  name,
  victim: 'redis',
  weight,
  strike: async ({ redis }, random) => {
    if (redis) await strike(redis, random.between(200, 5000))
  },
})

/** Redis is emptied, crashes and comes back empty, freezes, drops its clients and runs out of memory. */
export const redisFaults: readonly Fault[] = [
  onRedis('FLUSHALL', 4, (redis) => redis.tell('FLUSHALL')),
  onRedis('restart Redis, empty', 3, async (redis, downMs) => {
    await redis.kill()
    await pause(downMs)
    await redis.start()
  }),
  onRedis('freeze Redis', 2, async (redis, downMs) => {
    signal(redis.pid, 'SIGSTOP')
    await pause(downMs)
    signal(redis.pid, 'SIGCONT')
  }),
  onRedis('cut connections to Redis', 2, (redis) => redis.tell('CLIENT KILL TYPE normal')),
  onRedis('Redis without memory', 1, async (redis, downMs) => {
    await redis.tell('CONFIG SET maxmemory 1')
    await pause(downMs)
    await redis.tell('CONFIG SET maxmemory 0')
  }),
]

/** The queue's tables are emptied, or gone until an operator migrates again. */
export const postgresQueueFaults: readonly Fault[] = [
  {
    name: 'empty the queue',
    victim: 'queue',
    weight: 3,
    strike: async ({ admin }) => void (await admin`truncate bullmq.job cascade`),
  },
  { name: 'drop the queue', victim: 'queue', weight: 1, strike: dropQueue },
]

async function dropQueue({ admin, product: { databaseUrl } }: Victims): Promise<void> {
  await admin`drop schema if exists bullmq cascade`
  await pause(1500)
  for (;;) {
    try {
      await migrate({ databaseUrl, passwords: rolePasswords(databaseUrl) })
      return
    } catch {
      await pause(500) // something else is broken at the same time: the operator tries again
    }
  }
}
