import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Route } from '../src/http/route.ts'
import { routes } from '../src/routes/index.ts'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let admin: Caller
let operator: Caller
beforeAll(async () => {
  api = await startApi()
  admin = await api.as('acme', 'root', 'admin')
  operator = await api.as('acme', 'olga', 'operator')
})
afterAll(() => api[Symbol.asyncDispose]())

const id = '019ab1de-7c00-7000-8000-000000000001'
const pathOf = ({ path }: Route) => path.replace(':name', 'nothing').replace(':version', '1').replaceAll(/:\w+/gu, id)
const queryOf = ({ operationId }: Route) => (operationId === 'diffVersions' ? '?from=1&to=2' : '')
const guarded = routes.filter(({ open }) => !open)
const named = (list: readonly Route[]) => list.map((route): [string, Route] => [route.operationId, route])
const told = async (res: Response) => [res.status, ((await res.json()) as { type: string }).type.split(':').at(-1)]

describe.each(named(guarded))('%s', (_name, route) => {
  const method = route.method.toUpperCase()
  const ask = (by: Caller, headers: Record<string, string> = {}, query = queryOf(route)) =>
    by.send(method, pathOf(route) + query, route.body ? {} : undefined, headers)

  test('wants a token', async () => {
    const res = await ask(api.bearer(undefined))
    expect(res.headers.get('www-authenticate')).toBe('Bearer realm="keepr"')
    expect(await told(res)).toEqual([401, 'unauthenticated'])
    const wrong = await ask(api.bearer('a.b.c'))
    expect(wrong.headers.get('www-authenticate')).toBe('Bearer realm="keepr", error="invalid_token"')
    expect(await told(wrong)).toEqual([401, 'unauthenticated'])
  })

  test('reads no identity from header fields', async () => {
    const res = await ask(api.bearer(undefined), { 'x-user-id': 'root', 'x-group-id': 'acme', 'x-roles': 'admin' })
    expect(res.status).toBe(401)
  })

  test('refuses a parameter that it does not know', async () => {
    expect(await told(await ask(admin, {}, '?colour=red&group_id=other'))).toEqual([422, 'validation-error'])
  })

  if (!route.produces)
    test('refuses to answer as what it does not make', async () => {
      expect(await told(await ask(admin, { accept: 'image/png' }))).toEqual([406, 'not-acceptable'])
      expect((await ask(admin, { accept: '' })).status).not.toBe(406)
    })

  if (route.body)
    test('takes no body that is not what it says', async () => {
      const by = ['recheck', 'webhooks'].some((word) => route.path.includes(word)) ? operator : admin
      const send = (body: unknown, headers = {}) => by.send(method, pathOf(route), body, headers)
      expect(await told(await send('x', { 'content-type': 'text/plain' }))).toEqual([415, 'unsupported-media-type'])
      expect(await told(await send('{}', { 'content-encoding': 'gzip' }))).toEqual([415, 'unsupported-media-type'])
      expect(await told(await send('{'))).toEqual([400, 'malformed-json'])
      expect(await told(await send(new Uint8Array([0x7b, 0xff, 0x7d])))).toEqual([400, 'malformed-json'])
      expect(await told(await send('[]'))).toEqual([422, 'validation-error'])
      expect(await told(await send('{"status":"published","group_id":"other","colour":1}'))).toEqual([
        422,
        'validation-error',
      ])
    })

  if (route.method !== 'get')
    test('takes a key of sane form only', async () => {
      const res = await ask(admin, { 'idempotency-key': 'x'.repeat(256) })
      expect(await told(res)).toEqual([400, 'malformed-request'])
    })
})

describe.each([...Map.groupBy(routes, ({ path }) => path)])('%s', (path, known) => {
  test('answers other methods by 405 and says which it knows', async () => {
    const knows = new Set(known.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])))
    const first = known[0]
    if (!first) throw new Error(`${path} has no route`)
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((one) => !knows.has(one))) {
      const res = await admin.send(method, pathOf(first))
      expect([method, res.status, res.headers.get('allow')]).toEqual([method, 405, [...knows].join(', ')])
      expect(res.headers.get('content-type')).toBe('application/problem+json')
      expect(await res.json()).toMatchObject({ detail: `This path knows ${[...knows].join(', ')}.` })
    }
  })

  const reading = known.find(({ method }) => method === 'get')
  if (reading)
    test('is the same with a slash at its end', async () => {
      const asked = pathOf(reading) + queryOf(reading)
      const [plain, slashed] = await Promise.all([admin.get(asked), admin.get(asked.replace(/(\?|$)/u, '/$1'))])
      expect(slashed.status).toBe(plain.status)
    })
})

test('the reference is read only, and says so', async () => {
  for (const path of ['/openapi.json', '/docs', '/docs/swagger-ui.css']) {
    const res = await admin.send('POST', path)
    expect([path, res.headers.get('allow'), ...(await told(res))]).toEqual([
      path,
      'GET, HEAD',
      405,
      'method-not-allowed',
    ])
  }
})

test('what is missing is called missing', async () => {
  const errors = async (res: Response) => ((await res.json()) as { errors: unknown }).errors
  expect(await errors(await admin.submit({ content: 1 }))).toEqual([
    { pointer: '/name', detail: 'is missing' },
    { pointer: '/type', detail: 'is missing' },
  ])
  expect(await errors(await admin.get('/artifacts/x/diff?from=1'))).toEqual([
    { pointer: '', parameter: 'to', detail: 'is missing' },
  ])
  expect(await errors(await admin.get('/artifacts?created_after=yesterday'))).toHaveLength(1)
})

test('an unknown path is a problem that names the reference, with a token and without', async () => {
  for (const path of ['/', '/nothing', '/artifacts/a/b/c/d', '/artifacts/a/1/nothing'])
    for (const res of [await admin.get(path), await api.bearer(undefined).get(path)])
      expect([path, res.status, await res.json()]).toMatchObject([
        path,
        404,
        { type: 'urn:keepr:problem:not-found', detail: expect.stringContaining('/docs') },
      ])
})

test('what is not there on a known path is told without a word more', async () => {
  expect(await (await admin.get('/artifacts/nothing')).json()).toMatchObject({
    detail: 'There is no such thing here.',
  })
})
