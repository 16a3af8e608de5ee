import { migrate } from '@keepr/db/migrate'
import { readSettings } from '@keepr/shared/runtime/settings'
import { Command } from 'commander'
import { reachGivenDatabase } from './given-database.ts'
import { messageOf } from './message-of.ts'

new Command('npm run migrate --')
  .description(
    'Brings the database at DATABASE_URL to the present schema; makes the roles of the services where they are missing.\n' +
      'DATABASE_URL must name a role that may create roles, or a member of keepr_maintenance.\n' +
      'KEEPR_API_PASSWORD, KEEPR_VALIDATION_PASSWORD, KEEPR_WEBHOOK_PASSWORD and KEEPR_QUEUE_PASSWORD, where set, become theirs (each may come from a file: KEEPR_API_PASSWORD_FILE).',
  )
  .parse()

try {
  const settings = readSettings(process.env, 'migrate')
  await reachGivenDatabase(settings.databaseUrl)
  const applied = await migrate({
    databaseUrl: settings.databaseUrl,
    passwords: {
      keepr_api: settings.keeprApiPassword,
      keepr_validation: settings.keeprValidationPassword,
      keepr_webhook: settings.keeprWebhookPassword,
      keepr_queue: settings.keeprQueuePassword,
    },
    log: console.log,
  })
  console.log(applied.length === 0 ? 'nothing to migrate' : `${applied.length} migrations applied`)
} catch (error) {
  console.error(`The database was not migrated: ${messageOf(error)}`)
  process.exit(1)
}
