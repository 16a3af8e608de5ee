import { spawn } from 'node:child_process'
import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { root } from '../data-dir.ts'
import { developmentSecrets } from '../development-secrets.ts'
import { descendants, resourcesOf, signal } from './processes.ts'

export const SERVICES = ['api', 'validation-worker', 'webhook-worker'] as const
export type Service = (typeof SERVICES)[number]

export type Product = AsyncDisposable & {
  url: string
  dataDir: string
  jwtSecret: string
  /** Of the embedded PostgreSQL, as its administrator. */
  databaseUrl: string
  pidOf(service: Service): number | undefined
  postmaster(): number | undefined
  /** The postmaster and all of its processes. */
  postgresPids(): number[]
  resources(): Record<Service, { rssBytes: number; descriptors: number } | undefined>
  /** Lines of the services' logs that should never be written. */
  alarms: string[]
  /** @returns how it ended: 0 when everything was stopped in order */
  stop(): Promise<number | null>
}

type Options = {
  folder: string
  port: number
  configDir: string
  redisUrl: string | undefined
  env: Record<string, string>
}

const START_LIMIT_MS = 120_000
const STOP_LIMIT_MS = 40_000
/** Told when a process gives itself up (shutdown.ts), and what Node says of an error that nobody caught. */
const ALARMS = /caught by nobody|UnhandledPromise|Uncaught|triggerUncaughtException/u

/** Starts the product as its users do: `npm start`, with a data folder and a port of its own. */
export async function startProduct({ folder, port, configDir, redisUrl, env }: Options): Promise<Product> {
  const dataDir = join(folder, 'data')
  const log = createWriteStream(join(folder, 'product.log'))
  const alarms: string[] = []
  const child = spawn(process.execPath, [join(root, 'packages/dev-env/bootstrap.mjs'), 'start'], {
    cwd: root,
    env: {
      ...process.env,
      PORT: String(port),
      KEEPR_DATA_DIR: dataDir,
      KEEPR_CONFIG_DIR: configDir,
      REDIS_URL: redisUrl ?? '',
      DATABASE_URL: '',
      LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C is for the chaos run, which stops the product in its own time
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${new Date().toISOString()} ${line}\n`)
      if (ALARMS.test(line)) alarms.push(line)
    })

  const url = `http://127.0.0.1:${port}`
  const below = () => (child.pid === undefined ? [] : descendants(child.pid))
  const pidOf = (service: Service) => below().find(({ command }) => command.includes(`apps/${service}/`))?.pid
  const postmaster = () => postmasterOf(dataDir)

  async function stop() {
    signal(child.pid, 'SIGTERM')
    const late = await Promise.race([ended, pause(STOP_LIMIT_MS, 'late' as const, { ref: false })])
    if (late === 'late') {
      for (const { pid } of below()) signal(pid, 'SIGKILL')
      signal(postmaster(), 'SIGINT')
      signal(child.pid, 'SIGKILL')
    }
    log.end()
    return late === 'late' ? null : late
  }

  try {
    await ready(url, ended)
  } catch (error) {
    await stop()
    throw new Error(`${error instanceof Error ? error.message : String(error)}; see ${join(folder, 'product.log')}`, {
      cause: error,
    })
  }
  return {
    url,
    dataDir,
    jwtSecret: developmentSecrets(dataDir).jwt,
    databaseUrl: databaseUrlOf(dataDir),
    pidOf,
    postmaster,
    postgresPids: () => {
      const pid = postmaster()
      return pid === undefined ? [] : [pid, ...descendants(pid).map((one) => one.pid)]
    },
    resources: () => ({
      api: resourcesOf(pidOf('api') ?? 0),
      'validation-worker': resourcesOf(pidOf('validation-worker') ?? 0),
      'webhook-worker': resourcesOf(pidOf('webhook-worker') ?? 0),
    }),
    alarms,
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
    },
  }
}

async function ready(url: string, ended: Promise<number | null>): Promise<void> {
  let exit: number | null | undefined
  void ended.then((code) => (exit = code))
  for (const end = Date.now() + START_LIMIT_MS; Date.now() < end; await pause(100)) {
    if (exit !== undefined) throw new Error(`npm start ended with ${exit}`)
    const answer = await fetch(`${url}/readyz`).catch(() => undefined) // not up yet
    await answer?.body?.cancel()
    if (answer?.ok) return
  }
  throw new Error('the product did not become ready')
}

const read = (dataDir: string, file: string) => readFileSync(join(dataDir, 'postgres', file), 'utf8')

const databaseUrlOf = (dataDir: string) =>
  `postgres://postgres:${read(dataDir, 'superuser-password')}@127.0.0.1:${read(dataDir, 'port')}/postgres`

function postmasterOf(dataDir: string): number | undefined {
  try {
    return Number(read(dataDir, 'cluster/postmaster.pid').split('\n')[0])
  } catch {
    return undefined // it is being started again
  }
}
