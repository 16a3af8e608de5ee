import { mkdtempSync, rmSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { runChaos } from './chaos/run-chaos.ts'
import { messageOf } from './message-of.ts'
import { misuseExitsWith2 } from './misuse-exits-with-2.ts'
import { onSignals } from './on-signals.ts'

const { minutes, seed, queue, clients, keep } = new Command('npm run chaos --')
  .description(
    'Starts the product, loads it with users and breaks everything at random: services, PostgreSQL, the queue, the validator,\n' +
      'a subscriber. Then lets it settle and checks that nothing was lost. Ends with a table, and with 1 when a promise was broken.',
  )
  .exitOverride(misuseExitsWith2)
  .addOption(new Option('--minutes <number>', 'how long faults strike').default(1).argParser(Number))
  .addOption(
    new Option('--seed <text>', 'repeats the load and the faults of a run').default(String(Date.now() % 100_000)),
  )
  .addOption(new Option('--queue <store>', 'where the queue is').choices(['postgres', 'redis']).default('postgres'))
  .addOption(new Option('--clients <number>', 'how many users act at once').default(8).argParser(Number))
  .addOption(new Option('--keep', 'keep the data and the log also when every invariant held'))
  .parse()
  .opts<{ minutes: number; seed: string; queue: 'redis' | 'postgres'; clients: number; keep?: true }>()

const started = Date.now()
const note = (line: string) => console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s  ${line}`)
const stop = new AbortController()
onSignals({
  once: (signal) => {
    note(`${signal}: no more faults; once more ends it at once`)
    stop.abort()
  },
  again: () => process.exit(130),
})

try {
  if (process.platform !== 'linux') throw new Error('processes are found and frozen by /proc: it runs on Linux only')
  if (!(minutes > 0)) throw new Error('--minutes must be a number above 0')
  const folder = mkdtempSync(join(tmpdir(), 'keepr-chaos-'))
  await chmod(folder, 0o755) // the database's user passes through
  note(`seed ${seed}, in ${folder}`)
  const { text, held } = await runChaos({ minutes, seed, queue, clients, folder, signal: stop.signal, note })
  console.log(text)
  if (held && !keep) rmSync(folder, { recursive: true, force: true })
  process.exit(held ? 0 : 1)
} catch (error) {
  console.error(`The chaos run did not come to an end: ${messageOf(error)}`)
  process.exit(2)
}
