import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readConfigFile } from '@keepr/shared/runtime/config-file'
import { readSettings } from '@keepr/shared/runtime/settings'
import { CheckedTypeConfigFile } from '@keepr/shared/runtime/type-config-file'
import { secretsIn } from '@keepr/shared/domain/secret-places'
import { SubscriberConfigFile } from '@keepr/shared/schemas/subscriber-config'
import { Command } from 'commander'
import type { GenericSchema, InferOutput } from 'valibot'
import { configWarnings } from './config-warnings.ts'
import { messageOf } from './message-of.ts'
import { startOutbound } from './start-outbound.ts'

const OUTBOUND = ['OUTBOUND_ALLOW_ADDRESSES', 'OUTBOUND_ALLOW_HTTP'] as const

const command = new Command('npm run config:check --')
  .description(
    'Reads artifact_type_config.yaml and webhooks.yaml as the services do, and names every mistake with its place.\n' +
      'Exits with 1 if there is one, for pipelines. What no single file can tell, such as a type that is not configured, is a warning.',
  )
  .argument('[folder]', 'the folder with both files; KEEPR_CONFIG_DIR, or config/, if left out')
  .parse()

try {
  const settings = readSettings(process.env, ['KEEPR_CONFIG_DIR', ...OUTBOUND])
  const underStart = readSettings(startOutbound(process.env), OUTBOUND)
  const folder = command.args[0] ?? settings.keeprConfigDir
  if (!existsSync(folder)) throw new Error(`There is no folder ${folder}: name one, or set KEEPR_CONFIG_DIR.`)
  const types = await check(join(folder, 'artifact_type_config.yaml'), CheckedTypeConfigFile)
  const subscribers = await check(join(folder, 'webhooks.yaml'), SubscriberConfigFile)
  for (const warning of configWarnings({ types, subscribers, settings, underStart }))
    console.error(`warning: ${warning}`)
} catch (error) {
  tell(error)
}

async function check<S extends GenericSchema>(file: string, schema: S): Promise<InferOutput<S> | undefined> {
  try {
    const { config } = await readConfigFile(file, schema)
    const secrets = [...new Set(secretsIn(JSON.stringify(config)))]
    console.log(`${file}: correct${secrets.length === 0 ? '' : `; needs the secrets ${secrets.join(', ')}`}`)
    return config
  } catch (error) {
    tell(error)
    return undefined
  }
}

function tell(error: unknown): void {
  console.error(messageOf(error))
  process.exitCode = 1
}
