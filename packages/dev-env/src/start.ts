import { mkdirSync } from 'node:fs'
import { readSettings } from '@keepr/shared/runtime/settings'
import { Command } from 'commander'
import { dataDirOf } from './data-dir.ts'
import { developmentToken } from './development-token.ts'
import { messageOf } from './message-of.ts'
import { startNetwork } from './network.ts'
import { leaveDataDir, takeDataDir } from './run-file.ts'
import { welcome } from './welcome.ts'

// Ctrl-C comes twice: from the terminal to the whole group, and handed on by the launcher.
const SAME_SIGNAL_MS = 1000

new Command('npm start --')
  .description(
    'Starts Keepr on this machine: PostgreSQL, API, workers, a sample Checkr and a sample webhook receiver.\n' +
      'Settings come from the environment: PORT, KEEPR_DATA_DIR, KEEPR_CONFIG_DIR, DATABASE_URL, REDIS_URL.',
  )
  .parse()

const stop = new AbortController()
let stoppingSince: number | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal))
process.stdout.on('error', () => stop.abort()) // whoever read it has gone: nobody looks any more

try {
  await start()
} catch (error) {
  if (!stop.signal.aborted) {
    console.error(`Keepr did not start: ${messageOf(error)}`)
    process.exit(1)
  }
}
process.exit(0)

async function start(): Promise<void> {
  const startedAt = performance.now()
  const settings = readSettings(process.env, ['PORT', 'KEEPR_DATA_DIR', 'KEEPR_CONFIG_DIR', 'REDIS_URL'])
  const dataDir = dataDirOf(settings.keeprDataDir)
  mkdirSync(dataDir, { recursive: true })
  takeDataDir(dataDir, `http://127.0.0.1:${settings.port}`)
  try {
    await using network = await startNetwork({
      port: settings.port,
      dataDir,
      configDir: dataDirOf(settings.keeprConfigDir),
      databaseUrl: process.env['DATABASE_URL'] || undefined,
      redisUrl: settings.redisUrl,
      signal: stop.signal,
      progress: (step) => console.log(`  ${step} …`),
      print: (line) => console.log(line),
    })
    const owner = { group: 'acme', user: 'alice', roles: ['author'], expires: '12h' }
    const token = await developmentToken({ ...owner, secret: network.jwtSecret })
    const seconds = (performance.now() - startedAt) / 1000
    console.log(welcome({ url: network.url, token, seconds, dataDir: process.env['KEEPR_DATA_DIR'] || undefined }))
    await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }))
  } finally {
    leaveDataDir(dataDir)
  }
}

function onSignal(signal: string): void {
  if (stoppingSince === undefined) {
    stoppingSince = performance.now()
    console.log(`\n${signal}: stopping …`)
    return stop.abort()
  }
  // Asked again: the services follow by themselves (die-with-parent.ts), the next start stops the database.
  if (performance.now() - stoppingSince > SAME_SIGNAL_MS) process.exit(1)
}
