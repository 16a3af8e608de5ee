import { PROBLEMS, type ProblemCode, problemType } from '@keepr/shared/problem'
import { type ConversionConfig, toJsonSchema } from '@valibot/to-json-schema'
import { describeRoute } from 'hono-openapi'
import type { GenericSchema } from 'valibot'
import { type RequestHeader, requestHeaders, type ResponseHeader, responseHeaders } from './header-fields.ts'
import type { AnswerSpec, Route } from './route.ts'

/** What JSON Schema cannot say (checks in code) is left out; what it can say comes from the schema that validates. */
const conversion: ConversionConfig = {
  typeMode: 'input',
  target: 'draft-2020-12',
  errorMode: 'ignore',
  overrideSchema: ({ valibotSchema, jsonSchema }) =>
    valibotSchema.type === 'custom' ? { ...jsonSchema, type: 'object', additionalProperties: true } : undefined,
}

type JsonSchema = Record<string, unknown>

/** The JSON Schema of a valibot schema; named schemas within it are references to the document's components. */
const schemaOf = (schema: GenericSchema): JsonSchema => withReferences(plainSchema(schema)) as JsonSchema // SAFETY: it maps an object to an object.

/** A named schema as it stands among the components. */
export function componentOf(schema: GenericSchema): JsonSchema {
  const { ref: _name, ...rest } = plainSchema(schema)
  return withReferences(rest) as JsonSchema // SAFETY: it maps an object to an object.
}

function plainSchema(schema: GenericSchema): JsonSchema {
  const { $schema: _dialect, ...rest } = toJsonSchema(schema, conversion) as JsonSchema
  return rest
}

function withReferences(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withReferences)
  if (typeof node !== 'object' || node === null) return node
  if ('ref' in node && typeof node.ref === 'string') return { $ref: `#/components/schemas/${node.ref}` }
  // What is a text only until it is read (a number in a query) is told as what it means.
  if ('toldAs' in node && typeof node.toldAs === 'object')
    return 'description' in node ? { ...node.toldAs, description: node.description } : node.toldAs
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withReferences(value)]))
}

/** Documents a route from its declaration. */
export function describe(route: Route) {
  return describeRoute({
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    ...(route.open ? { security: [] } : {}),
    // SAFETY: these are OpenAPI 3.1 objects; the library's types know JSON Schema of an older draft.
    parameters: [...pathParameters(route.path), ...queryParameters(route), ...headerParameters(route)] as never,
    ...(route.body ? { requestBody: requestBody(route, route.body) } : {}),
    responses: { ...answers(route), ...problems(route), default: anyOther },
  })
}

const inPaths: Record<string, { description: string; example?: string }> = {
  name: { description: 'The name of an artifact.', example: 'greeting' },
  version: { description: 'One of its versions: a whole number or SemVer.', example: '3' },
  id: { description: 'The id that an answer told.', example: '019ab1de-7c00-7000-8000-000000000001' },
  subscriber: { description: 'The name of a subscriber, as GET /webhooks/subscribers lists it.' },
}

const pathParameters = (path: string) =>
  [...path.matchAll(/:(\w+)/gu)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
    ...inPaths[name],
  }))

function queryParameters({ query, repeatable = [] }: Route) {
  if (!query) return []
  const { properties = {}, required = [] } = schemaOf(query) as {
    properties?: Record<string, { description?: string }>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
    ...(repeatable.includes(name) ? { style: 'form', explode: true } : {}),
  }))
}

const isWrite = ({ method, open }: Route) => method !== 'get' && !open

function headerParameters(route: Route) {
  const names: RequestHeader[] = [
    ...(route.heeds ?? []),
    ...(isWrite(route) ? (['Idempotency-Key'] as const) : []),
    ...(route.body ? (['Content-Digest'] as const) : []),
  ]
  return names.map((name) => ({
    name,
    in: 'header',
    required: false,
    schema: { type: 'string' },
    ...requestHeaders[name],
  }))
}

function requestBody(route: Route, body: GenericSchema) {
  const example = route.bodyExample === undefined ? {} : { example: route.bodyExample }
  const types = route.bodyTypes ?? ['application/json']
  const json = Object.fromEntries(types.map((type) => [type, { schema: schemaOf(body), ...example }]))
  return { required: !route.bodyOptional, content: route.streamed ? { ...json, ...multipart(body) } : json }
}

/** The other form of a submission: the same JSON without content, and the content as a file. */
const multipart = (body: GenericSchema) => ({
  'multipart/form-data': {
    schema: {
      type: 'object' as const,
      required: ['artifact', 'content'],
      properties: { artifact: schemaOf(body), content: { type: 'string' as const, format: 'binary' } },
    },
    encoding: { artifact: { contentType: 'application/json' } },
  },
})

const answers = (route: Route) =>
  Object.fromEntries(
    Object.entries(route.answers).map(([status, answer]) => {
      const names: ResponseHeader[] = [...(answer.headers ?? [])]
      if (isWrite(route)) names.push('Idempotent-Replayed')
      return [status, { description: answer.description, ...described(names), ...content(answer) }]
    }),
  )

const described = (names: readonly ResponseHeader[]) =>
  names.length === 0
    ? {}
    : {
        headers: Object.fromEntries(
          names.map((name) => [name, { description: responseHeaders[name], schema: { type: 'string' as const } }]),
        ),
      }

function content({ schema, example, contentType, orAs }: AnswerSpec) {
  if (!schema) return contentType === undefined ? {} : { content: { [contentType]: { schema: {} } } }
  const json = { schema: schemaOf(schema), ...(example === undefined ? {} : { example }) }
  return {
    content: { 'application/json': json, ...(orAs === undefined ? {} : { [orAs]: { schema: { type: 'string' } } }) },
  }
}

/** What the server refuses before it looks at the route: a request that is none, too many header fields, too long an address. */
const anyOther = {
  description: 'Any other problem',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

/** The problems of a route, with those that any route of its kind may answer. */
function problems(route: Route) {
  const always: ProblemCode[] = ['internal-error', 'not-acceptable', 'validation-error']
  const guarded: ProblemCode[] = route.open
    ? []
    : ['unauthenticated', 'rate-limited', 'database-unavailable', 'identity-provider-unavailable']
  const writes: ProblemCode[] =
    route.method === 'get' || route.open ? [] : ['in-progress', 'idempotency-key-reused', 'malformed-request']
  const body: ProblemCode[] = route.body
    ? ['malformed-json', 'digest-mismatch', 'payload-too-large', 'unsupported-media-type']
    : []
  const codes = [...new Set([...route.problems, ...always, ...guarded, ...writes, ...body])]
  return Object.fromEntries(
    [...Map.groupBy(codes, (code) => PROBLEMS[code].status)].map(([status, group]) => [
      String(status),
      {
        description: group.map((code) => PROBLEMS[code].title).join('; '),
        ...described(group.includes('in-progress') ? ['Retry-After'] : (problemHeaders[status] ?? [])),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(group.map((code) => [code, { value: problemExample(code) }])),
          },
        },
      },
    ]),
  )
}

const problemHeaders: Record<number, ResponseHeader[]> = {
  401: ['WWW-Authenticate'],
  416: ['Content-Range'],
  429: ['Retry-After', 'RateLimit-Policy', 'RateLimit'],
  503: ['Retry-After'],
}

const problemExample = (code: ProblemCode) => ({
  type: problemType(code),
  title: PROBLEMS[code].title,
  status: PROBLEMS[code].status,
  detail: `${PROBLEMS[code].title}.`,
  request_id: '019ab1de-7c00-7000-8000-000000000001',
})
