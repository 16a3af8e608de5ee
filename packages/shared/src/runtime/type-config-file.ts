import * as v from 'valibot'
import { TypeConfigFile } from '../schemas/type-config.ts'
import { compileJsonSchema } from './json-schema.ts'

/** Valibot leaves them out of what it reads, without a word. */
const NEVER_READ = ['__proto__', 'constructor', 'prototype']

/** `artifact_type_config.yaml` as every service reads it, so that none takes what another one refuses. */
export const CheckedTypeConfigFile = v.pipe(
  v.unknown(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || typeof dataset.value !== 'object' || dataset.value === null) return
    const file = { ...dataset.value }
    const types: unknown = 'types' in file ? file.types : undefined
    if (typeof types !== 'object' || types === null) return
    for (const name of NEVER_READ.filter((key) => Object.hasOwn(types, key)))
      addIssue({
        message: `a type name other than ${NEVER_READ.join(', ')}`,
        path: [
          { type: 'object', origin: 'value', input: file, key: 'types', value: types },
          { type: 'object', origin: 'key', input: { ...types }, key: name, value: name },
        ],
      })
  }),
  TypeConfigFile,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const { types } = dataset.value
    for (const [name, type] of Object.entries(types)) {
      const { json_schema } = type
      const mistake = json_schema && mistakeOf(json_schema)
      if (!mistake) continue
      addIssue({
        message: `a JSON Schema (draft 2020-12), but: ${mistake}`,
        path: [
          { type: 'object', origin: 'value', input: dataset.value, key: 'types', value: types },
          { type: 'object', origin: 'value', input: types, key: name, value: type },
          { type: 'object', origin: 'value', input: type, key: 'json_schema', value: json_schema },
        ],
      })
    }
  }),
)

function mistakeOf(schema: object): string | undefined {
  try {
    compileJsonSchema(schema)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
