import { Command, InvalidArgumentError } from 'commander'
import { messageOf } from '@keepr/dev-env/message-of'
import { migrate } from '@keepr/db/migrate'
import { seed } from './seed.ts'
import { sizeOf } from './size-of.ts'

const count = (text: string): number => {
  const number = sizeOf(text)
  if (number === undefined) throw new InvalidArgumentError('Write a number such as 10k, 100k or 1m.')
  return number
}

const program = new Command('npm run seed --')
  .description(
    'Fills the empty database at DATABASE_URL with artifacts, each version a row, with their ledger, runs, events and feed.\n' +
      'The role must be a superuser: the triggers of the lifecycle are off meanwhile.',
  )
  .option('--artifacts <count>', 'rows of artifacts in all: 10k, 100k, 1m …', count, 10_000)
  .option('--versions <count>', 'versions of each name', count, 5)
  .option('--bytes <count>', 'content of each', count, 1000)
  .parse()

const { artifacts, versions, bytes } = program.opts<{ artifacts: number; versions: number; bytes: number }>()
const databaseUrl = process.env['DATABASE_URL']
try {
  if (!databaseUrl) throw new Error('DATABASE_URL is not set')
  const startedAt = performance.now()
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1)
  await migrate({ databaseUrl })
  await seed(databaseUrl, { artifacts, versions, contentBytes: bytes }, (step) =>
    console.log(`${seconds().padStart(7)} s  ${step}`),
  )
  console.log(`${seconds().padStart(7)} s  done`)
} catch (error) {
  console.error(`The database was not seeded: ${messageOf(error)}`)
  process.exit(1)
}
