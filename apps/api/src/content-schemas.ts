import type { Offence } from '@keepr/shared/problem'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

/** Checks content against the JSON Schema of its type: all offences, with JSON pointers. */
export type ContentSchemas = {
  offences(type: TypeConfig, content: unknown): Offence[]
  /** Throws when the schema of a type is none. */
  require(name: string, type: TypeConfig): void
}

/** Compiles each schema once; a reloaded configuration brings new schema objects. */
export function createContentSchemas(): ContentSchemas {
  const compiled = new WeakMap<object, ValidateFunction>()
  return {
    require(name, { json_schema }) {
      if (json_schema === undefined) return
      try {
        compiled.set(json_schema, compile(json_schema))
      } catch (cause) {
        throw new Error(`types.${name}.json_schema: expected a JSON Schema (draft 2020-12)`, { cause })
      }
    },
    offences({ json_schema }, content) {
      if (json_schema === undefined) return []
      const check = compiled.get(json_schema) ?? compile(json_schema)
      compiled.set(json_schema, check)
      return check(content) ? [] : (check.errors ?? []).map(asOffence)
    },
  }
}

function compile(schema: object): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: true, logger: false })
  addFormats.default(ajv)
  return ajv.compile(schema)
}

const asOffence = (error: ErrorObject): Offence => ({
  pointer: `/content${error.instancePath}`,
  detail: error.message ?? 'does not fit the schema of its type',
})
