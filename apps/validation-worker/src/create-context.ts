import { connectAsSet } from '@keepr/db/connect-as-set'
import { measureOutbox } from '@keepr/db/outbox/measure-outbox'
import { startRelay } from '@keepr/db/outbox/relay'
import { bringForwardRuns } from '@keepr/db/outbox/bring-forward-runs'
import { findContentOfRun } from '@keepr/db/validation-runs/find-content-of-run'
import type { Log } from '@keepr/shared/runtime/log'
import type { Metrics } from '@keepr/shared/runtime/metrics'
import { observeCarriage } from '@keepr/shared/runtime/observe-carriage'
import { openTypeConfig } from '@keepr/shared/runtime/open-type-config'
import { createOutbound } from '@keepr/shared/runtime/outbound'
import { openPublisher } from '@keepr/shared/runtime/queue'
import type { Redactor } from '@keepr/shared/runtime/redactor'
import { createSecrets } from '@keepr/shared/runtime/secrets/secrets'
import { warnOfMissing } from '@keepr/shared/runtime/secrets/warn-of-missing'
import type { SettingsOf } from '@keepr/shared/runtime/settings'
import {
  type TypeConfig,
  type TypeConfigFile,
  typesJudgedInTurn,
  typesPublishedTogether,
} from '@keepr/shared/schemas/type-config'
import type { Context } from './context.ts'
import { createValidationMetrics } from './validation-metrics.ts'
import { createValidators } from './validator/judge.ts'
import { createRecovery } from './validator/recovery.ts'

type Parts = {
  env: Readonly<Record<string, string | undefined>>
  log: Log
  redactor: Redactor
  metrics: Metrics
}

/** Builds all that the worker needs; main.ts closes it again, in the order in which parts may go. */
export async function createContext(settings: SettingsOf<'validation-worker'>, { env, log, redactor, metrics }: Parts) {
  const file = await openTypeConfig(settings, log)
  const types = file.byName
  const secrets = await createSecrets(settings, { env, redactor, log })
  await warnOfMissing({ file, secrets, templatesOf, log })

  const db = connectAsSet(settings, { url: settings.databaseUrl, applicationName: 'keepr-validation-worker' })
  const outbound = createOutbound(settings)
  const publisher = openPublisher(settings, { log })
  const { count } = observeCarriage(metrics, {
    outbox: () => db.withService(null, measureOutbox),
    queues: publisher.queues,
    pool: db.pool,
  })
  const relay = startRelay({
    db,
    publish: publisher.publish,
    pollMs: settings.relayPollInterval,
    log,
    count,
    publishedTogether: () => typesPublishedTogether(types()),
    judgedInTurn: () => typesJudgedInTurn(types()),
  })

  const bringForward = async (type: string, withinMs: number, limit: number) => {
    try {
      const runs = await db.withService(null, (tx) => bringForwardRuns(tx, type, withinMs, limit))
      if (runs > 0) relay.nudgeIn(withinMs)
      relay.nudge()
      return runs
    } catch (error) {
      log.warn({ err: error, artifact_type: type }, 'waiting runs were not brought forward; they keep their schedule')
      return limit // so many may wait, for all that is known: they are looked for again
    }
  }
  const recovery = createRecovery({
    bringForward,
    mayProbe: (type) => types().get(type)?.validator?.attempts === undefined,
  })
  recovery.begin(validatedTypes(types()))
  file.onChange(() => recovery.begin(validatedTypes(types()))) // whatever was wrong with a validator may be mended now
  const validators = createValidators({
    outbound,
    secrets,
    maxResponseBytes: settings.outboundMaxResponseBytes,
    findContent: (run) => db.withService(run.group_id, (tx) => findContentOfRun(tx, run)),
    types,
    largeContentBytes: 64 * 1024 * 1024,
    concurrency: Math.max(Math.floor(settings.validationConcurrency / 4), 1),
    now: Date.now,
    random: Math.random,
    onBreaker: (type) => ({
      opened(forMs) {
        log.warn({ artifact_type: type, for_ms: forMs }, 'the breaker of a validator has opened')
      },
      closed() {
        log.info({ artifact_type: type }, 'the breaker of a validator has closed')
      },
    }),
  })
  const ctx: Context = {
    db,
    log,
    metrics: createValidationMetrics(metrics),
    types,
    validators,
    recovery,
    relay,
    now: Date.now,
    random: Math.random,
    retention: {
      idempotencyKeysMs: settings.retainIdempotencyKeys,
      cleanupPlansMs: settings.retainCleanupPlans,
      quarantinedMessagesMs: settings.retainQuarantinedMessages,
      validationTriesMs: settings.retainValidationTries,
    },
  }
  return { ctx, db, publisher, relay, outbound, secrets, file }
}

const validatedTypes = (types: ReadonlyMap<string, TypeConfig>): string[] =>
  [...types].filter(([, { validator }]) => validator !== undefined).map(([name]) => name)

const templatesOf = ({ types }: TypeConfigFile): string[] =>
  Object.values(types).flatMap(({ validator }) =>
    validator === undefined ? [] : [validator.url, ...Object.values(validator.headers)],
  )
