import { randomUUID } from 'node:crypto'
import { connectAsSet } from '@keepr/db/connect-as-set'
import { measureOutbox } from '@keepr/db/outbox/measure-outbox'
import { startRelay } from '@keepr/db/outbox/relay'
import { relayBounds } from '@keepr/db/outbox/relay-bounds'
import { createLog } from '@keepr/shared/runtime/log'
import { createMetrics } from '@keepr/shared/runtime/metrics'
import { observeCarriage } from '@keepr/shared/runtime/observe-carriage'
import { openSubscriberConfig } from '@keepr/shared/runtime/open-subscriber-config'
import { openTypeConfig } from '@keepr/shared/runtime/open-type-config'
import { openPublisher, type Publisher } from '@keepr/shared/runtime/queue'
import { createRedactor } from '@keepr/shared/runtime/redactor'
import type { Closer } from '@keepr/shared/runtime/shutdown'
import { startTracing } from '@keepr/shared/runtime/tracing'
import { typesJudgedInTurn, typesPublishedTogether } from '@keepr/shared/schemas/type-config'
import { createAccessFlushes } from './access-flushes.ts'
import { createApiMetrics } from './api-metrics.ts'
import { createAccessLog } from './access-log.ts'
import { createEventStreams } from './event-streams.ts'
import { createMemory } from './memory.ts'
import { createUploads } from './uploads.ts'
import { createContentSchemas } from './content-schemas.ts'
import type { Context, Settings } from './context.ts'
import type { QueueDashboard } from './queue-dashboard.ts'
import { createRateLimits } from './rate-limits.ts'
import { openSharedCounts } from './shared-counts.ts'
import { readTokenIssuers } from './token-issuers.ts'
import { createTokenVerifier } from './token-verifier.ts'
import { createVerdictWaiter } from './verdict-waiter.ts'

/** API processes find each other by their application names. */
const apiPrefix = 'keepr-api '
const flushTimeoutMs = 2000

/** `closing` is aborted first, `closers` follow when no request runs any more. */
type Built = { ctx: Context; closers: Closer[]; closing: AbortController }

/** Builds what requests need, in order, and says how to close it again. */
export async function createContext(settings: Settings): Promise<Built> {
  const redactor = createRedactor()
  if (settings.jwtSecret !== undefined) redactor.register(settings.jwtSecret)
  const log = createLog({ service: 'api', level: settings.logLevel, pretty: settings.logPretty, redactor })
  const tracing = await startTracing(settings, { service: 'api', log })
  const types = await openTypeConfig(settings, log)
  const webhooks = await openSubscriberConfig(settings, log)
  const tokens = createTokenVerifier({
    issuers: await readTokenIssuers(settings),
    clockToleranceMs: settings.jwtClockTolerance,
    maxRemembered: settings.jwtMaxTokensRemembered,
  })
  const applicationName = `${apiPrefix}${randomUUID().slice(0, 8)}`
  const open = (url: string) => connectAsSet(settings, { url, applicationName })
  const db = open(settings.databaseUrl)
  const readDb = settings.databaseReadUrl === undefined ? db : open(settings.databaseReadUrl)
  const publisher = openPublisher(settings, { log })
  const metrics = createMetrics('api', log)
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
    publishedTogether: () => typesPublishedTogether(types.byName()),
    judgedInTurn: () => typesJudgedInTurn(types.byName()),
  })
  const accessLog = createAccessLog({
    db,
    intervalMs: settings.accessFlushInterval,
    grainMs: settings.accessGrain,
    log,
  })
  const apiMetrics = createApiMetrics(metrics)
  const counts = openSharedCounts(settings.redisUrl, { log, metrics: apiMetrics })
  const closing = new AbortController()
  const accessFlushes = createAccessFlushes({
    db,
    accessLog,
    prefix: apiPrefix,
    self: applicationName,
    timeoutMs: flushTimeoutMs,
    closing: closing.signal,
    log,
  })
  const ctx: Context = {
    closing: closing.signal,
    settings,
    log,
    metrics: apiMetrics,
    db,
    readDb,
    types: types.byName,
    subscribers: () => webhooks.current().subscribers,
    tokens,
    nudge: () => relay.nudge(),
    submitted: (leased) => relay.submitted(leased),
    leaseMs: () => (publisher.health().state === 'ok' ? relayBounds.leaseMs : undefined),
    verdicts: createVerdictWaiter(db, log),
    accessLog,
    accessFlushes,
    rateLimits: createRateLimits(settings, counts),
    contentSchemas: createContentSchemas(),
    uploads: createUploads(settings, counts),
    ...createMemory(settings),
    eventStreams: createEventStreams(settings.maxEventStreamsPerUser),
    queueDashboard: settings.queueDashboard ? await openQueueDashboard(publisher.queues) : undefined,
    queueIsUp: () => publisher.health().state === 'ok',
  }
  const closers: Closer[] = [
    ['access log', async () => await accessLog[Symbol.asyncDispose]()],
    ['relay', () => relay.stop()],
    ['queues', () => publisher.close()],
    ['counts', () => counts.close()],
    ['configuration', () => Promise.all([types.close(), webhooks.close()])],
    ['traces', () => tracing.close()],
    ['database', () => Promise.all([...new Set([db, readDb])].map((one) => one.close()))],
  ]
  return { ctx, closers, closing }
}

/** Loaded only where it is wanted. */
async function openQueueDashboard(queues: Publisher['queues']): Promise<QueueDashboard> {
  const { createQueueDashboard } = await import('./queue-dashboard.ts')
  return createQueueDashboard(queues)
}
