import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataDirOf } from '@keepr/dev-env/data-dir'
import { messageOf } from '@keepr/dev-env/message-of'
import { Command, InvalidArgumentError, Option } from 'commander'
import { compare } from './report/compare.ts'
import type { Line } from './report/line.ts'
import { describeMachine } from './report/machine.ts'
import { type Report, reportLine } from './report/report.ts'
import { table } from './report/table.ts'
import { rows } from './rows/index.ts'
import { sizeOf } from './seed/size-of.ts'
import { openBench } from './stage/bench.ts'

type Options = {
  only?: string[]
  json?: string
  compare?: string
  queue: 'redis' | 'postgres'
  seconds: number
  rounds: number
  large: number
  minutes: number
  rate: number
  data: string
}

const number = (text: string): number => {
  const value = sizeOf(text)
  if (value === undefined || value === 0) throw new InvalidArgumentError('Write a number such as 3, 10k or 1m.')
  return value
}
const list = (text: string): string[] => text.split(',')

const program = new Command('npm run bench --')
  .description('Measures Keepr beside the bare servers and tools that it is made of, and fails when a goal is missed.')
  .option('--only <rows>', 'rows to run, with commas between', list)
  .option('--json <file>', 'write the results to a file')
  .option('--compare <file>', 'show the changes since an earlier --json')
  .addOption(new Option('--queue <store>', 'where the queue lives').choices(['redis', 'postgres']).default('postgres'))
  .option('--seconds <count>', 'of one run of one side', number, 2)
  .option('--rounds <count>', 'pairs of runs', number, 3)
  .option('--large <count>', 'artifacts of the large database', number, 1_000_000)
  .option('--minutes <count>', 'for rows that run on demand', number, 3)
  .option('--rate <count>', 'requests a second, for rows that run on demand', number, 200)
  .option('--data <folder>', 'where the seeded databases are kept', '.keepr/bench')
  .addHelpText(
    'after',
    `\nRows:\n${rows.map(({ id, about, onDemand }) => `  ${id.padEnd(17)}${about}${onDemand ? ' (on demand)' : ''}`).join('\n')}`,
  )
  .parse()

try {
  process.exitCode = (await main(program.opts<Options>())) ? 0 : 1
} catch (error) {
  console.error(`The bench did not end: ${messageOf(error)}`)
  process.exitCode = 2
}

async function main(options: Options): Promise<boolean> {
  const unknown = options.only?.filter((id) => !rows.some((row) => row.id === id)) ?? []
  if (unknown.length > 0) throw new Error(`no such row: ${unknown.join(', ')} (see --help)`)
  const chosen = rows.filter(({ id, onDemand }) => options.only?.includes(id) ?? !onDemand)
  const machine = describeMachine()
  const { cpu, cores, memory_gb, node, load_before, commit } = machine
  console.log(
    `${cores} × ${cpu}, ${memory_gb} GB, Node ${node}, load before ${load_before}, ${commit}, queue on ${options.queue}`,
  )

  const dataDir = dataDirOf(options.data)
  mkdirSync(dataDir, { recursive: true })
  const startedAt = performance.now()
  const progress = (step: string) =>
    console.error(`  ${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${step}`)
  const shape = { versions: 5, contentBytes: 1000 }
  const lines: Line[] = []
  const broken: string[] = []
  {
    await using bench = await openBench({
      queue: options.queue,
      seconds: options.seconds,
      rounds: options.rounds,
      connections: 16,
      small: { artifacts: 10_000, ...shape },
      large: { artifacts: options.large, ...shape },
      dataDir,
      minutes: options.minutes,
      rate: options.rate,
      progress,
    })
    for (const row of chosen) {
      progress(row.id)
      // What was measured is told, whatever becomes of another row.
      await row.run(bench).then(
        (measured) => lines.push(...measured),
        (error: unknown) => broken.push(`${row.id}: ${messageOf(error)}`),
      )
    }
  }
  console.log(`\n${table(lines)}\n`)
  if (options.json !== undefined) {
    const report: Report = {
      made_at: new Date().toISOString(),
      queue: options.queue,
      machine,
      lines: lines.map(reportLine),
    }
    writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
  }
  if (options.compare !== undefined) console.log(`${compare(lines, join(process.cwd(), options.compare))}\n`)
  const missed = lines.filter(({ goal, met }) => goal !== undefined && !met)
  if (missed.length > 0) console.log(`Missed: ${missed.map(({ id }) => id).join(', ')}`)
  console.log(
    `${lines.length - missed.length} of ${lines.length} goals met in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
  )
  if (broken.length > 0) throw new Error(broken.join('\n'))
  return missed.length === 0
}
