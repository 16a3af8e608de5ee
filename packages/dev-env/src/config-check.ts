import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseConfig } from '@keepr/shared/runtime/parse-config'
import { readSettings } from '@keepr/shared/runtime/settings'
import { CheckedTypeConfigFile } from '@keepr/shared/runtime/type-config-file'
import { secretNames } from '@keepr/shared/schemas/configured-duration'
import { SubscriberConfigFile } from '@keepr/shared/schemas/subscriber-config'
import { Command } from 'commander'
import { messageOf } from './message-of.ts'

const command = new Command('npm run config:check --')
  .description(
    'Reads artifact_type_config.yaml and webhooks.yaml as the services do, and names every mistake with its place.\n' +
      'Exits with 1 if there is one, for pipelines.',
  )
  .argument('[folder]', 'the folder with both files; KEEPR_CONFIG_DIR, or config/, if left out')
  .parse()

const folder = command.args[0] ?? readSettings(process.env, ['KEEPR_CONFIG_DIR']).keeprConfigDir
const files = [
  ['artifact_type_config.yaml', CheckedTypeConfigFile],
  ['webhooks.yaml', SubscriberConfigFile],
] as const

for (const [name, schema] of files) {
  const file = join(folder, name)
  try {
    const text = await readFile(file, 'utf8')
    parseConfig(file, text, schema)
    const secrets = [...new Set(secretNames(text))]
    console.log(`${file}: correct${secrets.length === 0 ? '' : `; needs the secrets ${secrets.join(', ')}`}`)
  } catch (error) {
    console.error(messageOf(error))
    process.exitCode = 1
  }
}
