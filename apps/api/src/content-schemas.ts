import { jsonPointer } from '@keepr/shared/domain/json-pointer'
import type { Offence } from '@keepr/shared/domain/offence'
import { compileJsonSchema } from '@keepr/shared/runtime/json-schema'
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
      if (check(content)) return []
      // What is wrong with a member's name has entries of its own.
      return (check.errors ?? []).filter(({ keyword }) => keyword !== 'propertyNames').map(asOffence)
    },
  }
}

/** An offence of a member, also of one that is missing, is told at the member; ajv tells it at the object. */
function asOffence({ instancePath, keyword, params, propertyName, message }: ErrorObject): Offence {
  const at = `/content${instancePath}`
  if (propertyName !== undefined)
    return { pointer: at + jsonPointer([propertyName]), detail: `is a name that ${message}` }
  switch (keyword) {
    case 'required':
    case 'dependentRequired':
      return { pointer: at + jsonPointer([params['missingProperty']]), detail: 'is missing' }
    case 'additionalProperties':
      return { pointer: at + jsonPointer([params['additionalProperty']]), detail: unknownMember }
    case 'unevaluatedProperties':
      return { pointer: at + jsonPointer([params['unevaluatedProperty']]), detail: unknownMember }
    default:
      return { pointer: at, detail: message ?? 'does not fit the schema of its type' }
  }
}

const unknownMember = 'is not known to the schema of its type'
