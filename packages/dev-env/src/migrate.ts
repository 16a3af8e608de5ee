import { migrate } from '@keepr/db/migrate'
import { Command } from 'commander'
import { messageOf } from './message-of.ts'

new Command('npm run migrate --')
  .description(
    'Brings the database at DATABASE_URL to the present schema; makes the roles of the services where they are missing.\n' +
      'DATABASE_URL must name a role that may create roles, or keepr_maintenance itself.\n' +
      'KEEPR_API_PASSWORD, KEEPR_VALIDATION_PASSWORD, KEEPR_WEBHOOK_PASSWORD and KEEPR_QUEUE_PASSWORD, where set, become theirs.',
  )
  .parse()

try {
  const databaseUrl = process.env['DATABASE_URL']
  if (!databaseUrl) throw new Error('DATABASE_URL is not set (npm start migrates its own database by itself)')
  const applied = await migrate({ databaseUrl, passwords: passwordsOf(process.env), log: console.log })
  console.log(applied.length === 0 ? 'nothing to migrate' : `${applied.length} migrations applied`)
} catch (error) {
  console.error(`The database was not migrated: ${messageOf(error)}`)
  process.exit(1)
}

function passwordsOf(env: NodeJS.ProcessEnv) {
  const roles = ['keepr_api', 'keepr_validation', 'keepr_webhook', 'keepr_queue'] as const
  const given = roles.map((role) => [role, env[`${role.toUpperCase()}_PASSWORD`]] as const)
  return Object.fromEntries(given.filter(([, password]) => password))
}
