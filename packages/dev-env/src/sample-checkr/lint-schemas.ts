import { jsonPointer } from '@keepr/shared/domain/json-pointer'
import type { Finding } from '@keepr/shared/schemas/checkr'
import { Ajv, type ErrorObject, type Options } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

type Schema = Record<string, unknown>

/** Members that hold a JSON Schema, as tools, functions and forms describe what they take and give. */
const HOLDERS = new Set(['schema', 'json_schema', 'input_schema', 'output_schema', 'parameters'])

/**
 * What is wrong with the JSON Schemas in a JSON value: the value itself if it says `$schema`, and every object under one
 * of the usual names. An error is what no validator could use; a warning is what means nothing, or not what it seems to.
 */
export function lintSchemas(content: unknown, pointer = '', isSchema = false): Finding[] {
  if (typeof content !== 'object' || content === null) return []
  if (isSchemaObject(content) && (isSchema || typeof content['$schema'] === 'string'))
    return lintSchema(content, pointer)
  return Object.entries(content).flatMap(([key, value]) =>
    lintSchemas(value, pointer + jsonPointer([key]), HOLDERS.has(key)),
  )
}

function lintSchema(schema: Schema, pointer: string): Finding[] {
  const doubts: string[] = []
  const ajv = ajvFor(schema, (doubt) => void doubts.push(doubt))
  if (ajv === undefined)
    return [finding('error', 'schema.unknown_draft', '$schema is neither draft-07 nor draft 2020-12', pointer)]
  if (ajv.validateSchema(schema) !== true) {
    const byPlace = Map.groupBy(ajv.errors ?? [], ({ instancePath }) => instancePath) // one place breaks several rules
    return [...byPlace].map(([place, [first]]) =>
      finding('error', 'schema.invalid', first === undefined ? 'is wrong' : sentence(first), pointer + place),
    )
  }
  try {
    ajv.compile(schema)
  } catch (error) {
    return [finding('error', 'schema.unusable', error instanceof Error ? error.message : 'it cannot be used', pointer)]
  }
  return doubts.map((doubt) => finding('warning', 'schema.doubtful', doubt.replace(/^strict mode: /u, ''), pointer))
}

/** Nothing is fetched: a schema that refers to another one over the network cannot be used. */
function ajvFor(schema: Schema, doubt: (message: string) => void): Ajv | undefined {
  const heard = (...words: unknown[]) => doubt(words.map(String).join(' '))
  const options: Options = {
    allErrors: true,
    strict: 'log',
    strictRequired: 'log',
    logger: { log: heard, warn: heard, error: heard },
  }
  const draft = typeof schema['$schema'] === 'string' ? schema['$schema'] : 'draft/2020-12'
  const ajv = draft.includes('draft-07')
    ? new Ajv(options)
    : draft.includes('draft/2020-12')
      ? new Ajv2020(options)
      : undefined
  if (ajv !== undefined) addFormats.default(ajv)
  return ajv
}

const isSchemaObject = (value: object): value is Schema => !Array.isArray(value)
const sentence = ({ message = 'is wrong', params }: ErrorObject) =>
  'allowedValues' in params ? `${message}: ${String(params['allowedValues'])}` : message
const finding = (severity: string, code: string, message: string, path: string): Finding => ({
  severity,
  code,
  message,
  path,
})
