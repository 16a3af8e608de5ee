import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { migrate, type ServiceRole } from '@keepr/db/migrate'
import getPort from 'get-port'
import { dataDirOf } from './data-dir.ts'
import {
  DEVELOPMENT_AUDIENCE,
  DEVELOPMENT_ISSUER,
  developmentSecrets,
  type DevelopmentSecrets,
} from './development-secrets.ts'
import { startPostgres } from './embedded-postgres.ts'
import { startSampleCheckr } from './sample-checkr/server.ts'
import { supervise, type Supervised } from './supervise.ts'
import { startWebhookReceiver } from './webhook-receiver.ts'
import { join } from 'node:path'

export type NetworkOptions = {
  port: number
  dataDir: string
  configDir: string
  /** An administrator's URL; without one an embedded PostgreSQL is started. */
  databaseUrl?: string | undefined
  redisUrl?: string | undefined
  durable?: boolean
  env?: Record<string, string>
  progress?: (step: string) => void
  print?: (line: string) => void
}

export type Network = AsyncDisposable & {
  url: string
  secrets: DevelopmentSecrets
  services: Record<'api' | 'validation' | 'webhook', Supervised>
  databaseUrl: string
  stop(): Promise<void>
}

const loopback = '127.0.0.1'

/** Everything of Keepr on this machine, bound to 127.0.0.1: what `npm start` and the journeys in test/e2e run. */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const { progress = () => {}, print = () => {} } = options
  await using stack = new AsyncDisposableStack()
  await refuseTakenPort(options.port)
  const dataDir = dataDirOf(options.dataDir)
  const secrets = developmentSecrets(dataDir)

  let databaseUrl = options.databaseUrl
  if (databaseUrl === undefined) {
    progress('starting PostgreSQL')
    const postgres = stack.use(
      await startPostgres({ folder: join(dataDir, 'postgres'), durable: options.durable ?? true }),
    )
    databaseUrl = postgres.adminUrl
  }
  progress('bringing the database to the present schema')
  await migrate({ databaseUrl, passwords: secrets.passwords, log: (message) => progress(message) })

  progress('starting the sample Checkr and the sample webhook receiver')
  const checkr = stack.use(
    await startSampleCheckr({ port: await getPort({ host: loopback }), token: secrets.pythonValidatorToken }),
  )
  const receiver = stack.use(
    await startWebhookReceiver({
      port: await getPort({ host: loopback }),
      secrets: [secrets.sampleWebhookSecret],
      print,
    }),
  )

  progress('starting the services')
  const urlAs = (role: ServiceRole) => {
    const url = new URL(databaseUrl)
    url.username = role
    url.password = secrets.passwords[role]
    return url.href
  }
  const common = {
    HOST: loopback,
    KEEPR_CONFIG_DIR: dataDirOf(options.configDir),
    QUEUE_DATABASE_URL: urlAs('keepr_queue'),
    REDIS_URL: options.redisUrl ?? '',
    LOG_PRETTY: 'true',
    OUTBOUND_ALLOW_ADDRESSES: '127.0.0.0/8,::1/128',
    OUTBOUND_ALLOW_HTTP: 'true',
    SAMPLE_CHECKR: `${loopback}:${checkr.port}`,
    SAMPLE_RECEIVER: `${loopback}:${receiver.port}`,
    PYTHON_VALIDATOR_TOKEN: process.env['PYTHON_VALIDATOR_TOKEN'] ?? secrets.pythonValidatorToken,
    SAMPLE_WEBHOOK_SECRET: secrets.sampleWebhookSecret,
    ...options.env,
  }
  const start = async (name: string, folder: string, role: ServiceRole, env: Record<string, string>) => {
    const metricsPort = String(await getPort({ host: loopback }))
    const service = supervise({
      name,
      entry: `apps/${folder}/src/main.ts`,
      env: { METRICS_PORT: metricsPort, ...common, DATABASE_URL: urlAs(role), ...env },
      print,
    })
    stack.defer(() => service.stop())
    return service
  }
  const jwt = { JWT_SECRET: secrets.jwt, JWT_ISSUER: DEVELOPMENT_ISSUER, JWT_AUDIENCE: DEVELOPMENT_AUDIENCE }
  const services = {
    api: await start('api', 'api', 'keepr_api', { ...jwt, PORT: String(options.port), METRICS_PORT: '' }),
    validation: await start('validation', 'validation-worker', 'keepr_validation', {}),
    webhook: await start('webhook', 'webhook-worker', 'keepr_webhook', {}),
  }
  const url = `http://${loopback}:${options.port}`
  await waitUntilReady(url)
  const owned = stack.move()
  const stop = () => owned.disposeAsync()
  return { url, secrets, services, databaseUrl, stop, [Symbol.asyncDispose]: stop }
}

async function refuseTakenPort(port: number): Promise<void> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', () =>
      reject(new Error(`port ${port} is taken: stop what listens there, or choose another with PORT=…`)),
    )
    probe.listen(port, loopback, () => probe.close(() => resolve()))
  })
}

async function waitUntilReady(url: string): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await pause(50)) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined) // not listening yet
    await answer?.body?.cancel()
    if (answer?.ok) return
  }
  throw new Error('the API did not become ready within a minute; the lines above say why')
}
