import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { configSchemas } from './config-schemas.ts'

new Command('npm run config:schema')
  .description(
    'Writes the JSON Schemas of both configuration files anew, to config/schema. A test holds that they are current.',
  )
  .parse()

const folder = new URL('../../../config/schema/', import.meta.url)
await mkdir(folder, { recursive: true })
for (const [file, text] of Object.entries(configSchemas())) {
  await writeFile(new URL(file, folder), text)
  console.log(`wrote ${fileURLToPath(new URL(file, folder))}`)
}
