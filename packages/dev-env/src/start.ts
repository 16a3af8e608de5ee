import { readSettings, WrongSettings } from '@keepr/shared/runtime/settings'
import { Command } from 'commander'
import { dataDirOf } from './data-dir.ts'
import { developmentToken } from './development-token.ts'
import { type Network, startNetwork } from './network.ts'
import { messageOf } from './message-of.ts'
import { isOurs, readRun, removeRun, writeRun } from './run-file.ts'
import { welcome } from './welcome.ts'

new Command('npm start --')
  .description(
    'Starts Keepr on this machine: PostgreSQL, API, workers, a sample Checkr and a sample webhook receiver.\n' +
      'Settings come from the environment: PORT, KEEPR_DATA_DIR, KEEPR_CONFIG_DIR, DATABASE_URL, REDIS_URL.',
  )
  .parse()

try {
  await start()
} catch (error) {
  console.error(
    error instanceof WrongSettings || !process.env['DEBUG'] ? `Keepr did not start: ${messageOf(error)}` : error,
  )
  process.exit(1)
}

async function start(): Promise<void> {
  const startedAt = performance.now()
  const settings = readSettings(process.env, ['PORT', 'KEEPR_DATA_DIR', 'KEEPR_CONFIG_DIR', 'REDIS_URL'])
  const dataDir = dataDirOf(settings.keeprDataDir)
  await takeOver(dataDir)

  let network: Network | undefined
  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) process.exit(1)
    stopping = true
    console.log(`\n${signal}: stopping …`)
    await network?.stop()
    removeRun(dataDir)
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(signal))

  network = await startNetwork({
    port: settings.port,
    dataDir: settings.keeprDataDir,
    configDir: settings.keeprConfigDir,
    databaseUrl: process.env['DATABASE_URL'] || undefined,
    redisUrl: settings.redisUrl,
    progress: (step) => console.log(`  ${step} …`),
    print: (line) => console.log(line),
  })
  const { url, secrets, services } = network
  const pids = Object.values(services).flatMap(({ pid }) => pid ?? [])
  writeRun(dataDir, { pid: process.pid, url, services: pids })
  const token = await developmentToken({
    secret: secrets.jwt,
    group: 'acme',
    user: 'alice',
    roles: ['author'],
    expires: '12h',
  })
  console.log(welcome({ url, token, seconds: (performance.now() - startedAt) / 1000 }))
}

/** Refuses to run twice on one folder; ends what a killed run left behind. */
async function takeOver(dataDir: string): Promise<void> {
  const run = readRun(dataDir)
  if (!run) return
  if (run.pid !== process.pid && isOurs(run.pid, 'dev-env'))
    throw new Error(
      `it already runs at ${run.url} (process ${run.pid}); another beside it needs its own PORT and KEEPR_DATA_DIR`,
    )
  for (const pid of run.services) if (isOurs(pid, 'apps/')) process.kill(pid, 'SIGKILL')
  removeRun(dataDir)
}
