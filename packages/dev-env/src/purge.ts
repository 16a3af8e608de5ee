import { randomUUIDv7 } from 'node:crypto'
import { connectMaintenance } from '@keepr/db/connect-maintenance'
import { listEqualContent } from '@keepr/db/purge/list-equal-content'
import { listPurgeable, type Purgeable, type PurgeChoice } from '@keepr/db/purge/list-purgeable'
import { purgeArtifact } from '@keepr/db/purge/purge-artifact'
import { problem } from '@keepr/shared/problem'
import { Command } from 'commander'
import { maintainedDatabase } from './maintained-database.ts'
import { messageOf } from './message-of.ts'

type Options = {
  group?: string
  name?: string
  type?: string
  version?: string
  contentHash?: string
  reason?: string
  by?: string
  yes?: true
}

const command = new Command('npm run purge --')
  .description(
    'Makes content and metadata of versions vanish for ever: a leaked secret, personal data, malware.\n' +
      'They go from what is in use, from the history, kept answers, audit copies, findings and webhooks. Coordinates, hash and a ' +
      '"purged" event stay, and the content answers 410. A version keeps its state (one on verification is blocked): roll it ' +
      'back where an earlier one shall be the latest.\n\n' +
      "Without --yes it changes nothing and says what it would do. Backups and the database server's own log (WAL) still hold " +
      'what was purged until they are gone: see docs/backup.md.\n\n' +
      'The database is that of npm start (KEEPR_DATA_DIR), or DATABASE_URL: keepr_maintenance, a member of it, or a superuser.',
  )
  .argument('[ids...]', 'ids of artifacts')
  .option('--group <id>', 'or by coordinates: the owner group')
  .option('--name <name>', 'the name')
  .option('--type <type>', 'the type; every type that has this name and version if left out')
  .option('--version <version>', 'the version')
  .option('--content-hash <sha256>', 'or whatever has exactly this content, in any group')
  .option('--reason <text>', 'why: stands in the event, which the group can read')
  .option('--by <who>', 'who wanted it: stands in the event too')
  .option('--yes', 'do it')
  .parse()

try {
  const options = command.opts<Options>()
  const choice = readChoice(command.args, options)
  await using database = await maintainedDatabase(process.env)
  await using maintenance = await connectMaintenance({
    url: database.url,
    applicationName: 'keepr-purge',
    readOnly: options.yes !== true,
  })
  const { sql } = maintenance
  const chosen = await listPurgeable(sql, choice)
  if (chosen.length === 0) throw new Error(`nothing in ${database.described} is what was asked for`)
  const equal = await listEqualContent(sql, chosen)
  for (const artifact of chosen) {
    console.log(describe(artifact))
    if (!options.yes) continue
    const keptAnswer = JSON.stringify(problem('purged').toBody(randomUUIDv7()))
    const lost = await purgeArtifact(sql, artifact, { reason: options.reason, by: options.by, keptAnswer })
    const rows = Object.entries(lost).filter(([, count]) => count > 0)
    console.log(`  purged: ${rows.map(([table, count]) => `${table} ${count}`).join(', ') || 'nothing was left'}`)
  }
  if (equal.length > 0) {
    console.log(
      `\nThe same content is kept by ${equal.length} other version${equal.length === 1 ? '' : 's'}, which a purge of the above leaves as they are:`,
    )
    for (const artifact of equal) console.log(`  ${coordinates(artifact)}  ${artifact.status}`)
  }
  if (!options.yes) console.log('\nNothing was changed. The same with --yes does it, for ever.')
} catch (error) {
  console.error(`Not purged: ${messageOf(error)}`)
  process.exitCode = 1
}

function readChoice(ids: string[], { group, name, type, version, contentHash }: Options): PurgeChoice {
  const bad = ids.find((id) => !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu.test(id))
  if (bad !== undefined) throw new Error(`${bad} is no id of an artifact`)
  if (contentHash !== undefined && !/^[0-9a-f]{64}$/u.test(contentHash))
    throw new Error('--content-hash has 64 lower-case hex digits')
  const byCoordinates = [group, name, version].filter((part) => part !== undefined).length
  if (byCoordinates % 3 !== 0) throw new Error('--group, --name and --version belong together')
  if (Number(ids.length > 0) + Number(byCoordinates > 0) + Number(contentHash !== undefined) !== 1)
    throw new Error('say what, in one way: ids, or --group, --name and --version, or --content-hash (see --help)')
  if (group !== undefined && name !== undefined && version !== undefined)
    return { coordinates: { group, name, type, version } }
  return { ids, contentHash }
}

function describe(artifact: Purgeable): string {
  const already = artifact.purged_at === null ? '' : ` (purged already, ${artifact.purged_at})`
  return (
    `${coordinates(artifact)}  ${artifact.status}, sha256 ${artifact.content_hash}${already}\n` +
    `  holds it: ${artifact.copies} rows of content, ${artifact.events} audit copies, ${artifact.answers} kept answers, ${artifact.deliveries} webhooks`
  )
}

function coordinates({
  group_id,
  type,
  name,
  version,
  id,
}: Pick<Purgeable, 'group_id' | 'type' | 'name' | 'version' | 'id'>): string {
  return `${group_id}: ${type}/${name}@${version} ${id}`
}
