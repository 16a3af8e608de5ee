import { compileJsonSchema } from '@keepr/shared/runtime/json-schema'
import type { Offence } from '@keepr/shared/problem'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'

/** Checks content against the JSON Schema of its type: all offences, with JSON pointers. */
export type ContentSchemas = {
  offences(type: TypeConfig, content: unknown): Offence[]
}

/** Compiles each schema once; a reloaded configuration brings new schema objects. */
export function createContentSchemas(): ContentSchemas {
  const compiled = new WeakMap<object, ValidateFunction>()
  return {
    offences({ json_schema }, content) {
      if (json_schema === undefined) return []
      const check = compiled.get(json_schema) ?? compileJsonSchema(json_schema)
      compiled.set(json_schema, check)
      return check(content) ? [] : (check.errors ?? []).map(asOffence)
    },
  }
}

const asOffence = (error: ErrorObject): Offence => ({
  pointer: `/content${error.instancePath}`,
  detail: error.message ?? 'does not fit the schema of its type',
})
