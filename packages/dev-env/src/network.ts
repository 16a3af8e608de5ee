import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { migrate, type ServiceRole } from '@keepr/db/migrate'
import { readConfigFile } from '@keepr/shared/runtime/config-file'
import { readSettings } from '@keepr/shared/runtime/settings'
import { CheckedTypeConfigFile } from '@keepr/shared/runtime/type-config-file'
import { SubscriberConfigFile } from '@keepr/shared/schemas/subscriber-config'
import { bundledServices, type ServiceFolder } from './bundle/bundled-services.ts'
import { DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER, developmentSecrets } from './development-secrets.ts'
import { startPostgres } from './embedded-postgres.ts'
import { freePort } from './free-port.ts'
import { reachGivenDatabase } from './given-database.ts'
import { rolePasswords } from './role-passwords.ts'
import { startSampleCheckr } from './sample-checkr/server.ts'
import { startOutbound } from './start-outbound.ts'
import { supervise, type Supervised } from './supervise.ts'
import { startWebhookReceiver } from './webhook-receiver.ts'

export type NetworkOptions = {
  port: number
  /** Absolute, as is configDir. */
  dataDir: string
  configDir: string
  /** An administrator's URL; without one an embedded PostgreSQL is started. */
  databaseUrl?: string | undefined
  redisUrl?: string | undefined
  durable?: boolean
  env?: Record<string, string>
  /** Stops a start that is under way. */
  signal?: AbortSignal
  progress?: (step: string) => void
  print?: (line: string) => void
}

export type Network = AsyncDisposable & {
  url: string
  jwtSecret: string
  /** Why the queue cannot be used, where it cannot. */
  degraded: string | undefined
  services: Record<'api' | 'validation' | 'webhook', Supervised & { metricsUrl: string }>
  /** As an administrator. */
  databaseUrl: string
  stop(): Promise<void>
}

/** A queue that answers is connected by then. */
const QUEUE_LIMIT_MS = 3000
const loopback = '127.0.0.1'

/** Everything of Keepr on this machine, bound to 127.0.0.1: what `npm start` and the journeys in test/e2e run. */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const { port, dataDir, signal, progress = () => {}, print = () => {} } = options
  await using stack = new AsyncDisposableStack()
  await refuseTakenPort(port)
  await readConfigFile(join(options.configDir, 'artifact_type_config.yaml'), CheckedTypeConfigFile)
  await readConfigFile(join(options.configDir, 'webhooks.yaml'), SubscriberConfigFile)
  const secrets = developmentSecrets(dataDir)
  const bundled = bundledServices(progress)
  bundled.catch(() => {}) // told where it is awaited

  let databaseUrl = options.databaseUrl
  if (databaseUrl !== undefined)
    await reachGivenDatabase(databaseUrl, '; unset it to use the one that comes with Keepr')
  else {
    progress('starting PostgreSQL')
    const postgres = await startPostgres({ folder: join(dataDir, 'postgres'), durable: options.durable ?? true, print })
    databaseUrl = stack.use(postgres).adminUrl
  }
  signal?.throwIfAborted()
  progress('bringing the database to the present schema')
  const passwords = rolePasswords(databaseUrl)
  const migratingSince = performance.now()
  const { length: migrations } = await migrate({ databaseUrl, passwords })
  if (migrations > 0) print(`  ${migrations} migrations applied in ${secondsSince(migratingSince)} s`)

  signal?.throwIfAborted()
  progress('starting the services, the sample Checkr and the sample webhook receiver')
  const validatorToken = process.env['PYTHON_VALIDATOR_TOKEN'] || secrets.pythonValidatorToken
  const checkr = stack.use(await startSampleCheckr({ port: await freePort(), token: validatorToken }))
  const receiver = stack.use(
    await startWebhookReceiver({ port: await freePort(), secrets: [secrets.sampleWebhookSecret], print }),
  )

  const urlAs = (role: ServiceRole) => {
    const url = new URL(databaseUrl)
    url.username = role
    url.password = passwords[role]
    return url.href
  }
  const jwtSecret = readSettings(process.env, ['JWT_SECRET']).jwtSecret ?? secrets.jwt
  const common = {
    HOST: loopback,
    KEEPR_CONFIG_DIR: options.configDir,
    QUEUE_DATABASE_URL: urlAs('keepr_queue'),
    REDIS_URL: options.redisUrl ?? '',
    LOG_PRETTY: 'true',
    // The services write to a pipe, and only here it is known who reads in the end.
    ...(process.stdout.isTTY && process.stdout.hasColors() ? { FORCE_COLOR: '1' } : {}),
    ...startOutbound(process.env),
    SAMPLE_CHECKR: `${loopback}:${checkr.port}`,
    SAMPLE_RECEIVER: `${loopback}:${receiver.port}`,
    PYTHON_VALIDATOR_TOKEN: validatorToken,
    SAMPLE_WEBHOOK_SECRET: secrets.sampleWebhookSecret,
    ...options.env,
  }
  const entries = await bundled
  const start = async (name: string, folder: ServiceFolder, role: ServiceRole, env: Record<string, string>) => {
    const metricsPort = await freePort()
    const service = supervise({
      name,
      entry: entries[folder],
      env: insteadOfFiles({ METRICS_PORT: String(metricsPort), ...common, DATABASE_URL: urlAs(role), ...env }),
      readyUrl: `http://${loopback}:${env['PORT'] ?? metricsPort}/readyz`,
      print,
    })
    stack.defer(() => service.stop())
    return Object.assign(service, { metricsUrl: `http://${loopback}:${env['PORT'] ?? metricsPort}/metrics` })
  }
  const jwt = {
    JWT_SECRET: jwtSecret,
    JWT_ISSUER: DEVELOPMENT_ISSUER,
    JWT_AUDIENCE: DEVELOPMENT_AUDIENCE,
    NODE_ENV: 'development',
  }
  const services = {
    api: await start('api', 'api', 'keepr_api', { ...jwt, PORT: String(port), METRICS_PORT: '' }),
    validation: await start('validation', 'validation-worker', 'keepr_validation', {}),
    webhook: await start('webhook', 'webhook-worker', 'keepr_webhook', {}),
  }
  stack.defer(() => stopAll(services)) // at once, not one after the other
  await Promise.all(Object.values(services).map((service) => service.ready(signal)))
  const degraded = await whyDegraded(services.webhook.readyUrl)
  const owned = stack.move()
  const stop = () => owned.disposeAsync()
  return {
    url: `http://${loopback}:${port}`,
    jwtSecret,
    degraded,
    services,
    databaseUrl,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** A service inherits the environment: what is decided here stands in no file besides (DATABASE_URL_FILE). */
const insteadOfFiles = (env: Record<string, string>): Record<string, string> => ({
  ...Object.fromEntries(Object.keys(env).map((name) => [`${name}_FILE`, ''])),
  ...env,
})

const secondsSince = (start: number) => ((performance.now() - start) / 1000).toFixed(1)

/** What a worker says of its queues, once it had the time to reach them. */
async function whyDegraded(readyUrl: string): Promise<string | undefined> {
  for (const end = Date.now() + QUEUE_LIMIT_MS; ; await pause(100)) {
    const answer = await fetch(readyUrl)
    // SAFETY: what a worker's health server answers (runtime/health-server.ts).
    const { degraded } = (await answer.json()) as { degraded: string[] }
    if (degraded.length === 0) return undefined
    if (Date.now() > end) return degraded.join('; ')
  }
}

const stopAll = async (services: Record<string, Supervised>) => {
  await Promise.all(Object.values(services).map((service) => service.stop()))
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
