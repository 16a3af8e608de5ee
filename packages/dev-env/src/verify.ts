import { connectMaintenance } from '@keepr/db/connect-maintenance'
import type { Fault } from '@keepr/db/verify/scan'
import { verify } from '@keepr/db/verify/verify'
import { Command, InvalidArgumentError } from 'commander'
import { maintainedDatabase } from './maintained-database.ts'
import { messageOf } from './message-of.ts'
import { misuseExitsWith2 } from './misuse-exits-with-2.ts'
import { onSignals } from './on-signals.ts'
import { progressLine } from './progress-line.ts'

const wholeNumber = (text: string) => {
  if (!/^[1-9]\d{0,8}$/u.test(text)) throw new InvalidArgumentError('a whole number above 0 is expected')
  return Number(text)
}

const command = new Command('npm run verify --')
  .description(
    'Hashes all content again, in use and archived, and compares everything stored with what is promised about it:\n' +
      'verdicts, the ledger of versions, sequences, events, feed, outbox, deliveries, and the guards of the schema itself.\n' +
      'Changes nothing and may run beside a live system. Exits with 1 when something is wrong, with 2 when it could not look.\n\n' +
      'The database is that of npm start (KEEPR_DATA_DIR), or DATABASE_URL: keepr_maintenance, a member of it, or a superuser.',
  )
  .exitOverride(misuseExitsWith2)
  .option('--batch <rows>', 'rows that are compared at a time', wholeNumber, 500)
  .option('--json', 'print each fault as one line of JSON, and the counts as the last')
  .option('--quiet', 'no progress')
  .parse()
const options = command.opts<{ batch: number; json?: true; quiet?: true }>()

const stop = new AbortController()
onSignals({ once: () => stop.abort(), again: () => process.exit(2) })

try {
  await using database = await maintainedDatabase(process.env)
  await using maintenance = await connectMaintenance({
    url: database.url,
    applicationName: 'keepr-verify',
    readOnly: true,
  })
  process.exitCode = (await look(maintenance.sql, database.described)) === 0 ? 0 : 1
} catch (error) {
  console.error(stop.signal.aborted ? 'stopped before the end' : `It could not be verified: ${messageOf(error)}`)
  process.exitCode = 2
}

async function look(sql: Parameters<typeof verify>[0], described: string): Promise<number> {
  const startedAt = performance.now()
  const progress = progressLine(options.quiet !== true && options.json !== true)
  progress.say(`Verifying ${described} …`)
  const { tables, faults } = await verify(sql, {
    limits: { rows: options.batch, bytes: 64 * 1024 * 1024 },
    onProgress: (table, scanned) => progress.show(`${table}: ${scanned}`),
    onFault: (fault) => {
      progress.clear()
      console.log(options.json ? JSON.stringify(fault) : describe(fault))
    },
    signal: stop.signal,
  })
  progress.clear()
  if (options.json) console.log(JSON.stringify({ tables: Object.fromEntries(tables), faults }))
  else {
    for (const [table, scanned] of tables) console.log(`  ${table.padEnd(24)} ${String(scanned).padStart(10)}`)
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    console.log(
      faults === 0
        ? `Everything is as promised (${seconds} s).`
        : `${faults} promises are broken, see above (${seconds} s).`,
    )
  }
  return faults
}

function describe({ table, key, promise, found }: Fault): string {
  return `✗ ${promise}  ${table} ${key}: ${found}`
}
