import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { configSchemas } from './config-schemas.ts'

// npm run config:schema: writes the JSON Schemas of the configuration files anew. A test holds that they are current.
const folder = new URL('../../../config/schema/', import.meta.url)
await mkdir(folder, { recursive: true })
for (const [file, text] of Object.entries(configSchemas())) {
  await writeFile(new URL(file, folder), text)
  console.log(`wrote ${fileURLToPath(new URL(file, folder))}`)
}
