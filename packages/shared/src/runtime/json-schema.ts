import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

/** A check by a JSON Schema (draft 2020-12) that finds all offences. Throws when it is none. */
export function compileJsonSchema(schema: object): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: true, logger: false })
  addFormats.default(ajv)
  return ajv.compile(schema)
}
