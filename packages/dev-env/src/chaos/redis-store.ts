import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createConnection } from 'node:net'
import { waitFor } from '../testing/wait-for.ts'
import { freePort } from '../free-port.ts'

export type RedisStore = {
  url: string
  readonly pid: number | undefined
  /** Ends it as a crash does; what it held is gone. */
  kill(): Promise<void>
  start(): Promise<void>
  /** One command in its inline form, such as FLUSHALL. */
  tell(command: string): Promise<string>
}

/** A Redis of the run's own that keeps nothing on disk: the worst that can become of a queue's store. */
export async function startRedisStore(): Promise<RedisStore> {
  if (spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status !== 0)
    throw new Error('redis-server is not on the PATH: install Redis, or take --queue postgres')
  const port = await freePort()
  let child: ChildProcess | undefined
  const start = async () => {
    const flags = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    child = spawn('redis-server', [...flags, '--maxmemory-policy', 'noeviction'], { stdio: 'ignore', detached: true })
    await waitFor(() => tell(port, 'PING').catch(() => ''), 'Redis to listen')
  }
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child?.pid
    },
    start,
    async kill() {
      const gone = new Promise((resolve) => child?.once('exit', resolve))
      if (child?.kill('SIGKILL')) await gone
    },
    tell: (command) => tell(port, command),
  }
}

const tell = (port: number, command: string) =>
  new Promise<string>((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1' }, () => socket.write(`${command}\r\n`))
    socket.setTimeout(2000, () => socket.destroy(new Error('Redis does not answer')))
    socket.once('data', (answer) => {
      socket.destroy()
      resolve(answer.toString('utf8'))
    })
    socket.once('error', reject)
  })
