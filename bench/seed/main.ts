import { Command, InvalidArgumentError } from 'commander'
import { maintainedDatabase } from '@keepr/dev-env/maintained-database'
import { messageOf } from '@keepr/dev-env/message-of'
import { migrate } from '@keepr/db/migrate'
import { seed } from './seed.ts'
import { SEED_AUTHOR, SEED_GROUP, SEED_TYPE } from './seed-shape.ts'
import { sizeOf } from './size-of.ts'

const count = (text: string): number => {
  const number = sizeOf(text)
  if (number === undefined) throw new InvalidArgumentError('Write a number such as 10k, 100k or 1m.')
  return number
}

const program = new Command('npm run seed --')
  .description(
    'Fills an empty database with artifacts, each version a row, with their ledger, runs, events and feed.\n' +
      `They are of the type ${SEED_TYPE}; four names of five belong to ${SEED_AUTHOR} of the group ${SEED_GROUP}, the others to 20 other groups.\n\n` +
      'The database is that of npm start (KEEPR_DATA_DIR), made where there is none, or DATABASE_URL: as a superuser, since the\n' +
      'triggers of the lifecycle are off meanwhile.',
  )
  .option('--artifacts <count>', 'rows of artifacts in all: 10k, 100k, 1m …', count, 10_000)
  .option('--versions <count>', 'versions of each name', count, 5)
  .option('--bytes <count>', 'content of each', count, 1000)
  .parse()

const { artifacts, versions, bytes } = program.opts<{ artifacts: number; versions: number; bytes: number }>()
try {
  await using database = await maintainedDatabase(process.env, { orNew: true })
  const startedAt = performance.now()
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1)
  await migrate({ databaseUrl: database.url })
  await seed(database.url, { artifacts, versions, contentBytes: bytes }, (step) =>
    console.log(`${seconds().padStart(7)} s  ${step}`),
  )
  console.log(`${seconds().padStart(7)} s  done: ${database.described}`)
} catch (error) {
  console.error(`The database was not seeded: ${messageOf(error)}`)
  process.exitCode = 1
}
