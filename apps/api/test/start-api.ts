import type { Db } from '@keepr/db/connect'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { createLog } from '@keepr/shared/runtime/log'
import { createMetrics } from '@keepr/shared/runtime/metrics'
import { createRedactor } from '@keepr/shared/runtime/redactor'
import { readSettings } from '@keepr/shared/runtime/settings'
import { SubscriberConfigFile } from '@keepr/shared/schemas/subscriber-config'
import { TypeConfigFile } from '@keepr/shared/schemas/type-config'
import { SignJWT } from 'jose'
import * as v from 'valibot'
import { createAccessFlushes } from '../src/access-flushes.ts'
import { createApiMetrics } from '../src/api-metrics.ts'
import { createAccessLog } from '../src/access-log.ts'
import { createApp } from '../src/app.ts'
import { createEventStreams } from '../src/event-streams.ts'
import { createMemory } from '../src/memory.ts'
import { createUploads } from '../src/uploads.ts'
import { createContentSchemas } from '../src/content-schemas.ts'
import type { Context } from '../src/context.ts'
import { createRateLimits } from '../src/rate-limits.ts'
import { openSharedCounts } from '../src/shared-counts.ts'
import { readTokenIssuers } from '../src/token-issuers.ts'
import { createTokenVerifier } from '../src/token-verifier.ts'
import { createVerdictWaiter } from '../src/verdict-waiter.ts'
import { checkAnswer } from './check-answer.ts'

const secret = 'a secret of the tests, long enough for HS256'
const peerPrefix = 'api of the tests '
const types = {
  types: {
    prompt: { requires_validation: false },
    numbered: { requires_validation: false, versioning: 'integer' },
    semantic: { requires_validation: false, versioning: 'semver' },
    note: { requires_validation: false, content: 'text' },
    blob: { requires_validation: false, content: 'binary' },
    shaped: {
      requires_validation: false,
      json_schema: {
        type: 'object',
        required: ['a', 'b'],
        properties: { a: { type: 'string' }, b: { type: 'number' } },
      },
    },
    exact: {
      requires_validation: false,
      json_schema: {
        type: 'object',
        required: ['a~b'],
        properties: {
          a: { type: 'number' },
          unevaluated: { type: 'object', properties: { b: true }, unevaluatedProperties: false },
          named: { type: 'object', propertyNames: { pattern: '^[a-z]+$' } },
        },
        dependentRequired: { a: ['unit'] },
        additionalProperties: false,
      },
    },
    picture: {
      requires_validation: false,
      content: 'binary',
      content_types: ['application/zip', 'image/*'],
    },
    checked: { requires_validation: true, validator: { url: 'https://checkr.test/' } },
    closed: { requires_validation: false, allow_public: false },
  },
}

const webhooks = {
  subscribers: [
    {
      name: 'shop',
      url: 'https://shop.test/',
      events: ['published', 'blocked', 'rollback'],
      secret: '{{SHOP_SECRET}}',
    },
  ],
}

export type Claims = Record<string, unknown>
export type Caller = {
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  get(path: string, headers?: Record<string, string>): Promise<Response>
  submit(body: Record<string, unknown>, headers?: Record<string, string>): Promise<Response>
}
export type TestApi = AsyncDisposable & {
  ctx: Context
  database: TestDatabase
  as(group: string, user: string, role?: string): Promise<Caller>
  bearer(token: string | undefined): Caller
  sign(claims: Claims, options?: { secret?: string; alg?: string; expires?: string | number }): Promise<string>
  /** Another process of the API over the same database; the database goes with the first. */
  peer(name: string): Promise<TestApi>
  /** Gives the open runs of all groups their verdict, as the validation worker does for a type without a validator. */
  settleAll(status?: 'published' | 'blocked'): Promise<void>
}

/** The API over a database of the test file's own, called without a network in between. */
export async function startApi(
  env: Record<string, string> = {},
  connectTo: (database: TestDatabase) => Db | Promise<Db> = (database) => database.connectAs('keepr_api', 10),
): Promise<TestApi> {
  const database = await createTestDatabase()
  const api = await serve(database, await connectTo(database), env)
  return {
    ...api,
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** One process of the API. */
async function serve(database: TestDatabase, db: Db, env: Record<string, string>, self = ''): Promise<TestApi> {
  const settings = readSettings(
    {
      DATABASE_URL: database.urlOf('keepr_api'),
      JWT_SECRET: secret,
      JWT_ISSUER: 'https://issuer.test',
      JWT_AUDIENCE: 'keepr',
      ...env,
    },
    'api',
  )
  const log = createLog({ service: 'api', level: 'error', pretty: false, redactor: createRedactor() })
  const closing = new AbortController()
  const metrics = createApiMetrics(createMetrics('api'))
  const counts = openSharedCounts(settings.redisUrl, { log, metrics })
  const accessLog = createAccessLog({ db, intervalMs: 3_600_000, grainMs: 1, log })
  const byName = new Map(Object.entries(v.parse(TypeConfigFile, types).types))
  const ctx: Context = {
    settings,
    log,
    metrics,
    db,
    readDb: db,
    types: () => byName,
    subscribers: () => v.parse(SubscriberConfigFile, webhooks).subscribers,
    tokens: createTokenVerifier({
      issuers: await readTokenIssuers(settings),
      clockToleranceMs: 5000,
      maxRemembered: 100,
    }),
    nudge: () => {},
    submitted: () => {},
    leaseMs: () => undefined,
    verdicts: createVerdictWaiter(db, log),
    accessLog,
    accessFlushes: createAccessFlushes({
      db,
      accessLog,
      prefix: peerPrefix,
      self,
      timeoutMs: 500,
      closing: closing.signal,
      log,
    }),
    rateLimits: createRateLimits(settings, counts),
    contentSchemas: createContentSchemas(),
    uploads: createUploads(settings, counts),
    ...createMemory(settings),
    eventStreams: createEventStreams(settings.maxEventStreamsPerUser),
    queueIsUp: () => true,
    closing: closing.signal,
  }
  const app = createApp(ctx)

  const sign: TestApi['sign'] = (claims, options = {}) =>
    new SignJWT({ iss: 'https://issuer.test', aud: 'keepr', ...claims })
      .setProtectedHeader({ alg: options.alg ?? 'HS256' })
      .setExpirationTime(options.expires ?? '1h')
      .sign(new TextEncoder().encode(options.secret ?? secret))

  const bearer = (token: string | undefined): Caller => {
    const send: Caller['send'] = async (method, path, body, headers = {}) => {
      const typed = body === undefined || body instanceof FormData ? {} : { 'content-type': 'application/json' }
      const authorized = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const raw = body instanceof FormData || typeof body === 'string' || body instanceof Uint8Array
      const init: RequestInit = { method, headers: { ...typed, ...authorized, ...headers } }
      if (body !== undefined) init.body = raw ? body : JSON.stringify(body)
      const asked = { method, url: path, body, headers: init.headers as Record<string, string> } // SAFETY: made above.
      return await checkAnswer(asked, await app.request(path, init))
    }
    return {
      send,
      get: (path, headers) => send('GET', path, undefined, headers),
      submit: (body, headers) => send('POST', '/artifacts/', body, headers),
    }
  }

  return {
    ctx,
    database,
    bearer,
    sign,
    peer: (name) => serve(database, database.connectAs('keepr_api', 5, peerPrefix + name), env, peerPrefix + name),
    as: async (group, user, role = 'author') => bearer(await sign({ sub: user, group_id: group, roles: [role] })),
    async settleAll(status = 'published') {
      await database.admin`
        with settled as (
          update validation_runs
             set checked_at = now(), state = case when ${status} <> 'published' then 'cancelled'
                                                  when requires_validation then 'passed' else 'not_required' end
           where state = 'waiting' returning id)
        select count(*) from settled`
      await database.admin`
        update artifact_active a set status = ${status}, published_at = case when ${status} = 'published' then now() end,
               revision = revision + 1, updated_at = now(), blocked_reason = case when ${status} = 'blocked' then 'cancelled' end
         where a.status = 'on_verification'`
      await database.admin`
        select pg_notify('keepr_verdict', id::text) from validation_runs where awaited and checked_at is not null`
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      await accessLog[Symbol.asyncDispose]()
      counts.close()
    },
  }
}
