import { readSettings, warnOfUnknownSettings } from '@keepr/shared/runtime/settings'
import { Command } from 'commander'
import { dataDirOf, makeDataDir } from './data-dir.ts'
import { developmentToken } from './development-token.ts'
import { givenDatabaseUrl } from './given-database.ts'
import { messageOf } from './message-of.ts'
import { startNetwork } from './network.ts'
import { onSignals } from './on-signals.ts'
import { leaveDataDir, takeDataDir } from './run-file.ts'
import { welcome } from './welcome.ts'

new Command('npm start --')
  .description(
    'Starts Keepr on this machine: PostgreSQL, API, workers, a sample Checkr and a sample webhook receiver.\n' +
      'Settings come from the environment: PORT, KEEPR_DATA_DIR, KEEPR_CONFIG_DIR, DATABASE_URL, REDIS_URL.',
  )
  .showHelpAfterError('Settings come from the environment, such as: PORT=8081 npm start')
  .parse()

const stop = new AbortController()
onSignals({
  once(signal) {
    console.log(`\n${signal}: stopping …`)
    stop.abort()
  },
  // The services follow by themselves (die-with-parent.ts), and so does the database (embedded-postgres.ts).
  again: () => process.exit(1),
})
// Whoever read it has gone: nobody looks any more.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stop.abort())

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
  warnOfUnknownSettings(process.env, (warning) => console.error(`  warning: ${warning}`))
  const settings = readSettings(process.env, ['PORT', 'KEEPR_DATA_DIR', 'KEEPR_CONFIG_DIR', 'REDIS_URL'])
  const databaseUrl = givenDatabaseUrl(process.env)
  const dataDir = dataDirOf(settings.keeprDataDir)
  makeDataDir(dataDir)
  takeDataDir(dataDir, `http://127.0.0.1:${settings.port}`)
  try {
    await using network = await startNetwork({
      port: settings.port,
      dataDir,
      configDir: dataDirOf(settings.keeprConfigDir),
      databaseUrl,
      redisUrl: settings.redisUrl,
      signal: stop.signal,
      progress: (step) => console.log(`  ${step} …`),
      print: (line) => console.log(line),
    })
    const owner = { group: 'acme', user: 'alice', roles: ['author'], expires: '12h' }
    const token = await developmentToken({ ...owner, secret: network.jwtSecret })
    // The launcher says when the command began, which may have been before everything was installed.
    const seconds = (Date.now() - Number(process.env['LAUNCHED_AT'] ?? performance.timeOrigin)) / 1000
    const degraded = network.degraded && `${network.degraded} (${settings.redisUrl ? 'REDIS_URL' : 'its PostgreSQL'})`
    const given = process.env['KEEPR_DATA_DIR'] || undefined
    console.log(welcome({ url: network.url, token, seconds, dataDir: given, degraded }))
    await untilAborted(stop.signal)
  } finally {
    leaveDataDir(dataDir)
  }
}

/** Also where it was aborted before anybody waits: an event that has passed never comes. */
function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
