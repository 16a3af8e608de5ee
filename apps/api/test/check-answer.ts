import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect } from 'vitest'

type Schema = Record<string, unknown>
type Media = { schema: Schema; examples?: Record<string, { value: { type: string } }> }
type Operation = {
  operationId: string
  parameters?: { name: string; in: string }[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { content?: Record<string, Media> }>
}
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } }
type Asked = { method: string; url: string; body: unknown; headers: Record<string, string> }

// SAFETY: openapi.test.ts holds that this file is the description of the code, and sound.
const document = JSON.parse(
  readFileSync(new URL('../../../docs/api/openapi.json', import.meta.url), 'utf8'),
) as Document
const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false })
addFormats.default(ajv)
ajv.addSchema({ $id: 'https://keepr.test/answers', ...closed({ components: document.components }) })
ajv.addSchema({ $id: 'https://keepr.test/requests', components: document.components })
const compiled = new Map<Schema, ValidateFunction>()
const problemTypes = new Set(['application/problem+json'])

/**
 * Fails the test whose request was answered otherwise than docs/api/openapi.json says: an operation, status, media
 * type, member or problem that is not described, or a value that does not fit. Returns the answer untouched.
 */
export async function checkAnswer(asked: Asked, answer: Response): Promise<Response> {
  const url = new URL(asked.url, 'http://keepr.test')
  const path = url.pathname.length > 1 ? url.pathname.replace(/\/$/u, '') : url.pathname
  if (path.startsWith('/docs') || path === '/openapi.json') return answer
  const said = `${asked.method} ${asked.url} → ${answer.status}`
  expect(answer.headers.get('x-request-id'), said).toMatch(/^[0-9a-f-]{36}$/u)
  const operations = operationsAt(path)
  const operation = operations?.[asked.method === 'HEAD' ? 'get' : asked.method.toLowerCase()]
  if (!operation) {
    expect([said, answer.headers.has('allow')]).toEqual([
      `${asked.method} ${asked.url} → ${operations ? 405 : 404}`,
      operations !== undefined,
    ])
    return answer
  }
  await checkAgainst(operation, asked, answer, said)
  if (answer.ok) checkRequest(operation, asked, url, said)
  return answer
}

/** The most literal path that fits, as the router picks it. */
function operationsAt(path: string): Record<string, Operation> | undefined {
  const segments = path.split('/')
  const fitting = Object.keys(document.paths).filter((template) => {
    const parts = template.split('/')
    return parts.length === segments.length && parts.every((part, n) => part.startsWith('{') || part === segments[n])
  })
  const [first] = fitting.toSorted((a, b) => a.split('{').length - b.split('{').length)
  return first === undefined ? undefined : document.paths[first]
}

async function checkAgainst(operation: Operation, asked: Asked, answer: Response, said: string): Promise<void> {
  const described = operation.responses[String(answer.status)]
  expect(described, `${said} is not described`).toBeDefined()
  const type = answer.headers.get('content-type')?.split(';')[0] ?? ''
  if (!described?.content) {
    expect([said, await answer.clone().text()]).toEqual([said, ''])
    return
  }
  if (answer.status >= 400) expect([said, problemTypes.has(type)]).toEqual([said, true])
  const media = described.content[type] ?? described.content['*/*']
  expect(media, `${said} as ${type} is not described`).toBeDefined()
  if (asked.method === 'HEAD' || !/[/+]json$/u.test(type) || !described.content[type]) return
  const body: unknown = await answer.clone().json()
  if (media) requireFit('https://keepr.test/answers', media.schema, body, said)
  if (answer.status >= 400 && media?.examples) {
    const known = Object.values(media.examples).map(({ value }) => value.type)
    // SAFETY: it fits the schema of problems.
    expect(known, said).toContain((body as { type: string }).type)
  }
}

/** What is taken must be described too, or nobody could know how to ask. */
function checkRequest(operation: Operation, asked: Asked, url: URL, said: string): void {
  const parameters = (operation.parameters ?? []).map(({ name, in: place }) => `${place} ${name.toLowerCase()}`)
  for (const name of url.searchParams.keys()) expect(parameters, said).toContain(`query ${name}`)
  for (const name of ['prefer', 'if-match', 'if-none-match', 'if-range', 'range', 'idempotency-key', 'last-event-id'])
    if (asked.headers[name] !== undefined) expect(parameters, said).toContain(`header ${name}`)
  const media = operation.requestBody?.content['application/json']
  if (asked.body === undefined || asked.body instanceof FormData || asked.body instanceof Uint8Array) return
  expect(media, `${said} takes a body`).toBeDefined()
  const body: unknown = typeof asked.body === 'string' ? JSON.parse(asked.body) : asked.body
  if (media) requireFit('https://keepr.test/requests', media.schema, body, said)
}

function requireFit(within: string, schema: Schema, value: unknown, said: string): void {
  const check =
    compiled.get(schema) ??
    ajv.compile(based(within, within === 'https://keepr.test/answers' ? closed(schema) : schema))
  compiled.set(schema, check)
  check(value)
  expect(check.errors ?? [], `${said}\n${JSON.stringify(value)}`).toEqual([])
}

/** References lead into the registered document. */
function based(within: string, schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components', `"${within}#/components`)) as Schema // SAFETY: it was an object.
}

/** Clients must bear members that they do not know; a test must not: what an answer carries has to be described. */
function closed<T>(node: T): T {
  if (Array.isArray(node)) return node.map(closed) as T // SAFETY: a list stays a list.
  if (typeof node !== 'object' || node === null) return node
  const entries = Object.entries(node).map(([key, value]) => [key, closed(value as unknown)] as const)
  const open = 'properties' in node && !('additionalProperties' in node) && !('request_id' in Object(node.properties))
  // SAFETY: the same object, narrower.
  return { ...Object.fromEntries(entries), ...(open ? { additionalProperties: false } : {}) } as T
}
