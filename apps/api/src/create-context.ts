import { join } from 'node:path'
import { connect } from '@keepr/db/connect'
import { type Relay, startRelay } from '@keepr/db/outbox/relay'
import { relayBounds } from '@keepr/db/outbox/relay-bounds'
import type { MessageKind, OutboxRow } from '@keepr/db/rows'
import { openConfigFile } from '@keepr/shared/runtime/config-file'
import { createLog, type Log } from '@keepr/shared/runtime/log'
import { openQueue, type QueueName, type WakeQueue } from '@keepr/shared/runtime/queue'
import { createRedactor } from '@keepr/shared/runtime/redactor'
import type { Closer } from '@keepr/shared/runtime/shutdown'
import { TypeConfigFile } from '@keepr/shared/schemas/type-config'
import { createAccessLog } from './access-log.ts'
import { createContentCache } from './content-cache.ts'
import { createUploads } from './uploads.ts'
import { createContentSchemas } from './content-schemas.ts'
import type { Context, Settings } from './context.ts'
import { createRateLimits } from './rate-limits.ts'
import { readTokenIssuers } from './token-issuers.ts'
import { createTokenVerifier } from './token-verifier.ts'
import { createVerdictWaiter } from './verdict-waiter.ts'

const queueOf: Record<MessageKind, QueueName> = {
  validate_run: 'validation',
  fan_out_events: 'events',
  deliver_webhook: 'deliveries',
}

/** `closing` is aborted first, `closers` follow when no request runs any more. */
type Built = { ctx: Context; closers: Closer[]; closing: AbortController }

/** Builds what requests need, in order, and says how to close it again. */
export async function createContext(settings: Settings): Promise<Built> {
  const redactor = createRedactor()
  if (settings.jwtSecret !== undefined) redactor.register(settings.jwtSecret)
  const log = createLog({ service: 'api', level: settings.logLevel, pretty: settings.logPretty, redactor })
  const types = await openConfigFile(join(settings.keeprConfigDir, 'artifact_type_config.yaml'), TypeConfigFile, {
    pollMs: settings.configPollInterval,
    log,
  })
  const contentSchemas = createContentSchemas()
  let byName = new Map(Object.entries(types.current().types))
  for (const [name, type] of byName) contentSchemas.require(name, type)
  types.onChange((config) => {
    try {
      const changed = new Map(Object.entries(config.types))
      for (const [name, type] of changed) contentSchemas.require(name, type)
      byName = changed
    } catch (error) {
      log.error({ err: error }, 'the changed configuration is refused; the last good one is kept')
    }
  })

  const tokens = createTokenVerifier({
    issuers: await readTokenIssuers(settings),
    clockToleranceMs: settings.jwtClockTolerance,
    maxRemembered: settings.jwtMaxTokensRemembered,
  })
  const open = (url: string) =>
    connect({
      url,
      applicationName: 'keepr-api',
      poolSize: settings.databasePoolSize,
      connectTimeoutMs: settings.databaseConnectTimeout,
      statementTimeoutMs: settings.databaseStatementTimeout,
      lockTimeoutMs: settings.databaseLockTimeout,
    })
  const db = open(settings.databaseUrl)
  const readDb = settings.databaseReadUrl === undefined ? db : open(settings.databaseReadUrl)
  const queues = new Map<QueueName, WakeQueue>(
    Object.values(queueOf).map((name) => [name, openQueue(name, settings, { log })]),
  )
  const relay = carryOutbox(settings, { db, queues, log })
  const accessLog = createAccessLog({
    db,
    intervalMs: settings.accessFlushInterval,
    grainMs: settings.accessGrain,
    log,
  })
  const closing = new AbortController()
  const ctx: Context = {
    closing: closing.signal,
    settings,
    log,
    db,
    readDb,
    types: () => byName,
    tokens,
    nudge: () => relay.nudge(),
    verdicts: createVerdictWaiter(db, log),
    accessLog,
    rateLimits: createRateLimits(settings),
    contentSchemas,
    uploads: createUploads(settings.maxConcurrentUploadBytes),
    contentCache: createContentCache(48 * 1024 * 1024),
    queueIsUp: () => [...queues.values()].every((queue) => queue.health().state === 'ok'),
  }
  const closers: Closer[] = [
    ['access log', async () => await accessLog[Symbol.asyncDispose]()],
    ['relay', () => relay.stop()],
    ['queues', () => Promise.all([...queues.values()].map((queue) => queue.close()))],
    ['configuration', () => types.close()],
    ['database', () => Promise.all([...new Set([db, readDb])].map((one) => one.close()))],
  ]
  return { ctx, closers, closing }
}

type Carried = { db: Context['db']; queues: ReadonlyMap<QueueName, WakeQueue>; log: Log }

function carryOutbox(settings: Settings, { db, queues, log }: Carried): Relay {
  return startRelay({
    db,
    publish: async (kind, messages) => (await queues.get(queueOf[kind])?.addBulk(messages.map(asMessage))) ?? [],
    ...relayBounds,
    pollMs: settings.relayPollInterval,
    onError: (error) => log.warn({ err: error }, 'the outbox could not be carried on; trying again'),
    onQuarantine: ({ id, kind }, reason) => log.error({ message_id: id, kind, reason }, 'a message was set aside'),
  })
}

const asMessage = ({ id, generation, group_id, refs, traceparent }: OutboxRow) => ({
  message_id: id,
  generation,
  group_id,
  refs,
  ...(traceparent === null ? {} : { traceparent }),
})
