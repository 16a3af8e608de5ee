import { SubscriberConfigFile } from '@keepr/shared/schemas/subscriber-config'
import { TypeConfigFile } from '@keepr/shared/schemas/type-config'
import { toJsonSchema } from '@valibot/to-json-schema'
import type { GenericSchema } from 'valibot'

/** The JSON Schemas of the operator's files, for editors and pipelines, by the name of the file they stand in. */
export function configSchemas(): Record<string, string> {
  return {
    'artifact_type_config.schema.json': written('The types of artifacts and how each is validated', TypeConfigFile),
    'webhooks.schema.json': written('Who receives webhooks', SubscriberConfigFile),
  }
}

function written(title: string, schema: GenericSchema): string {
  const generated = toJsonSchema(schema, {
    typeMode: 'input',
    // What JSON Schema cannot say (a name that must differ, a URL with a secret in it) is checked by config:check only.
    errorMode: 'ignore',
  })
  return `${JSON.stringify({ ...generated, title }, null, 2)}\n`
}
