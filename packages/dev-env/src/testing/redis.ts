import { spawn, spawnSync } from 'node:child_process'
import { createConnection } from 'node:net'
import { Redis } from 'ioredis'
import { freePort } from '../free-port.ts'
import { waitFor } from './wait-for.ts'

export type TestRedis = {
  url: string
  /** All keys that it holds. */
  keys(): Promise<string[]>
  /** It answers nothing and refuses nothing, until it is thawed. */
  freeze(): void
  thaw(): void
  stop(): void
}

/** A Redis of the run's own on a free port, or undefined where no redis-server is found. */
export async function startRedis(): Promise<TestRedis | undefined> {
  if (spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status !== 0) return undefined
  const port = await freePort()
  const server = spawn(
    'redis-server',
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--maxmemory-policy',
      'noeviction',
    ],
    { stdio: 'ignore' },
  )
  await waitFor(() => answers(port), 'redis-server to listen')
  const url = `redis://127.0.0.1:${port}`
  return {
    url,
    async keys() {
      const redis = new Redis(url)
      try {
        return await redis.keys('*')
      } finally {
        redis.disconnect()
      }
    },
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    stop: () => void server.kill('SIGKILL'),
  }
}

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
