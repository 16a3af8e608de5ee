import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import type { ApiEnv } from '../src/http/api.ts'
import { mountRoutes } from '../src/http/mount-routes.ts'
import { openApiDocument } from '../src/http/openapi-document.ts'
import { routes } from '../src/routes/index.ts'

const root = new URL('../../../', import.meta.url)
const file = new URL('docs/api/openapi.json', root)

test('the published description is what the code says (npm run openapi -w apps/api renews it)', async () => {
  const app = new Hono<ApiEnv>()
  mountRoutes(app, routes)
  const document: unknown = JSON.parse(JSON.stringify(await openApiDocument(app)))
  expect(document).toEqual(JSON.parse(await readFile(file, 'utf8')))
})

test('the description is sound OpenAPI 3.1', async () => {
  const redocly = fileURLToPath(new URL('node_modules/.bin/redocly', root))
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const lint = promisify(execFile)(redocly, ['lint', fileURLToPath(file)], { cwd: fileURLToPath(root), env })
  await expect(lint).resolves.toBeDefined()
})

test('each operation has its own name', () => {
  expect(new Set(routes.map(({ operationId }) => operationId)).size).toBe(routes.length)
})

test('each operation shows by an example what it takes and what it answers', () => {
  const lacking = routes.flatMap(({ operationId, body, bodyExample, answers }) => [
    ...(body && bodyExample === undefined ? [`${operationId}: body`] : []),
    ...Object.entries(answers)
      .filter(([, { schema, example }]) => schema && example === undefined)
      .map(([status]) => `${operationId}: ${status}`),
  ])
  expect(lacking).toEqual([])
})

test('each list tells where its next page begins', () => {
  const membersOf = (schema: object | undefined) =>
    schema && 'entries' in schema ? Object.keys(schema.entries as object) : []
  const lists = routes.filter(({ answers }) => membersOf(answers[200]?.schema).includes('items'))
  expect(lists.map(({ operationId }) => operationId)).toEqual(expect.arrayContaining(['listTypes', 'listRechecks']))
  expect(lists.filter(({ answers }) => !membersOf(answers[200]?.schema).includes('next_cursor'))).toEqual([])
})

test('each parameter and each member of a body is described', async () => {
  type Told = { name?: string; description?: string }
  type Operation = {
    operationId: string
    parameters: Told[]
    requestBody?: { content: Record<string, { schema: { properties: Record<string, Told> } }> }
  }
  // SAFETY: the test above holds that it is sound OpenAPI.
  const { paths } = JSON.parse(await readFile(file, 'utf8')) as { paths: Record<string, Record<string, Operation>> }
  const lacking = Object.values(paths)
    .flatMap((path) => Object.values(path))
    .flatMap(({ operationId, parameters, requestBody }) => [
      ...parameters.filter(({ description }) => !description).map(({ name }) => `${operationId}: ${name}`),
      ...Object.entries(requestBody?.content['application/json']?.schema.properties ?? {})
        .filter(([, { description }]) => !description)
        .map(([name]) => `${operationId}: ${name} of the body`),
    ])
  expect(lacking).toEqual([])
  const types = paths['/events']?.['get']?.parameters.find(({ name }) => name === 'types')
  expect(types?.description).toContain('recheck_failed')
})

test('who writes is told when what is in progress is worth asking for again', async () => {
  const { paths } = JSON.parse(await readFile(file, 'utf8')) as {
    paths: { '/artifacts': { post: { responses: { 409: { headers?: object } } } } }
  }
  expect(paths['/artifacts'].post.responses[409].headers).toHaveProperty('Retry-After')
})

test('a client that is generated from the description can say all that there is to say, in the types that it means', async () => {
  type Schema = Record<string, unknown>
  type Operation = {
    parameters: { in: string; name: string; schema: Schema }[]
    responses: Record<string, unknown>
    requestBody?: { content: Record<string, { schema: { properties: Record<string, Schema> } }> }
  }
  // SAFETY: the test above holds that it is sound OpenAPI.
  const { paths } = JSON.parse(await readFile(file, 'utf8')) as { paths: Record<string, Record<string, Operation>> }
  const operations = Object.values(paths).flatMap((path) => Object.values(path))
  const asked = new Map(
    operations.flatMap(({ parameters }) => parameters.map((one) => [`${one.in} ${one.name}`, one.schema] as const)),
  )
  const limitOf = (path: string) => paths[path]?.['get']?.parameters.find(({ name }) => name === 'limit')?.schema
  expect(limitOf('/artifacts')).toEqual({ type: 'integer', minimum: 1, maximum: 200, default: 50 })
  expect(limitOf('/artifacts/{name}/versions')).toEqual({ type: 'integer', minimum: 1, maximum: 200 })
  expect(asked.get('query content')).toEqual({ type: 'boolean', default: true })
  expect(asked.get('query created_after')).toEqual({ type: 'string', format: 'date-time' })
  expect(asked.get('header Idempotency-Key')).toMatchObject({ maxLength: 255 })
  const submitted = paths['/artifacts']?.['post']?.requestBody?.content['application/json']?.schema.properties
  expect(submitted?.['metadata']).toMatchObject({
    properties: { tags: { type: 'array', items: { type: 'string' } } },
    additionalProperties: true,
  })
  for (const { responses } of operations) expect(responses).toHaveProperty('default')
  // Some generators take such an object for one without members; and nothing is told that is no whole number.
  expect(/\{"type":"(?:object|number)"\}/u.exec(JSON.stringify(paths))).toBeNull()
})
