import type { Db } from '@keepr/db/connect'
import { findContentOfRun } from '@keepr/db/validation-runs/find-content-of-run'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { createLog } from '@keepr/shared/runtime/log'
import { createMetrics } from '@keepr/shared/runtime/metrics'
import { createOutbound, type Lookup } from '@keepr/shared/runtime/outbound'
import { createRedactor } from '@keepr/shared/runtime/redactor'
import { createSecrets } from '@keepr/shared/runtime/secrets/secrets'
import { readSettings } from '@keepr/shared/runtime/settings'
import { type TypeConfig, TypeConfigFile } from '@keepr/shared/schemas/type-config'
import * as v from 'valibot'
import type { Context } from '../../src/context.ts'
import { validateArtifact } from './validate-artifact.ts'
import { createValidationMetrics } from '../../src/validation-metrics.ts'
import { createValidators } from '../../src/validator/judge.ts'
import { submitted, type Submitted } from './submitted.ts'

export type TestWorker = AsyncDisposable & {
  ctx: Context
  database: TestDatabase
  api: Db
  logged: string[]
  env: Record<string, string>
  /** Configures the types anew. */
  configure(types: Record<string, unknown>): void
  submit(wanted?: Parameters<typeof submitted>[2]): Promise<Submitted>
  /** Works on the run once, whenever it is due. */
  work(artifact: Submitted): Promise<string>
  /** Moves the clock. */
  pass(ms: number): void
  stateOf(artifact: Submitted): Promise<State>
}
type State = {
  status: string
  run: { state: string; attempts: number; reason: string | null; poll_url: string | null; findings: unknown[] }
  tries: { outcome: string; reason: string | null }[]
  events: { event_type: string; sequence: number; event_data: Record<string, unknown> }[]
  message: { due_in_ms: number; generation: number } | undefined
}

/** A validation worker on a database of its own, with a clock that tests move; calls go out over real sockets. */
export async function testWorker(lookup?: Lookup): Promise<TestWorker> {
  const database = await createTestDatabase()
  const db = database.connectAs('keepr_validation')
  const api = database.connectAs('keepr_api')
  const logged: string[] = []
  const env: Record<string, string> = {}
  const redactor = createRedactor()
  const log = createLog({
    service: 'validation-worker',
    level: 'debug',
    pretty: false,
    redactor,
    to: { write: (line) => void logged.push(line) },
  })
  const settings = readSettings(
    {
      DATABASE_URL: database.urlOf('keepr_validation'),
      OUTBOUND_ALLOW_ADDRESSES: '127.0.0.1,::1',
      SECRET_SOURCES: 'env',
    },
    'validation-worker',
  )
  const outbound = createOutbound(settings, lookup)
  let skewMs = 0
  let types: ReadonlyMap<string, TypeConfig> = new Map()
  const now = () => Date.now() + skewMs
  const validators = createValidators({
    outbound,
    secrets: await createSecrets(settings, { env, redactor, log }),
    maxResponseBytes: 65_536,
    findContent: (run) => db.withService(run.group_id, (tx) => findContentOfRun(tx, run)),
    types: () => types,
    concurrency: 16,
    largeContentBytes: 1024 * 1024,
    now,
    random: () => 0.5,
    onBreaker: () => ({ opened: () => {}, closed: () => {} }),
  })
  const ctx: Context = {
    db,
    log,
    metrics: createValidationMetrics(createMetrics('test')),
    types: () => types,
    validators,
    recovery: { note: () => {} },
    relay: { nudge: () => {}, nudgeIn: () => {}, judged: () => {} },
    now,
    random: () => 0.5,
    retention: { idempotencyKeysMs: 1, cleanupPlansMs: 1, quarantinedMessagesMs: 1, validationTriesMs: 1 },
  }
  return {
    ctx,
    database,
    api,
    logged,
    env,
    configure: (configured) => {
      types = new Map(Object.entries(v.parse(TypeConfigFile, { types: configured }).types))
    },
    submit: (wanted) => submitted(database, api, wanted),
    work: (artifact) => validateArtifact(ctx)({ group_id: artifact.group_id, refs: [artifact.run_id] }),
    pass: (ms) => {
      skewMs += ms
    },
    stateOf: (artifact) => stateOf(database, artifact),
    async [Symbol.asyncDispose]() {
      await outbound.close()
      await database[Symbol.asyncDispose]()
    },
  }
}

async function stateOf({ admin }: TestDatabase, { id, run_id }: Submitted): Promise<State> {
  const [artifact] = await admin<{ status: string }[]>`select status from artifact_active where id = ${id}`
  const [run] = await admin<[State['run']]>`
    select state, attempts, reason, poll_url, findings from validation_runs where id = ${run_id}`
  const tries = await admin<
    State['tries']
  >`select outcome, reason from validation_tries where run_id = ${run_id} order by at, id`
  const events = await admin<State['events']>`
    select event_type, sequence::int, event_data from artifact_events where artifact_id = ${id} order by sequence`
  const [message] = await admin<{ due_in_ms: number; generation: number }[]>`
    select (extract(epoch from due_at - now()) * 1000)::float8 as due_in_ms, generation
      from outbox where kind = 'validate_run' and refs[1] = ${run_id}`
  return { status: artifact?.status ?? 'archived', run, tries: [...tries], events: [...events], message }
}
