import { connectAsSet } from '@keepr/db/connect-as-set'
import { measureOutbox } from '@keepr/db/outbox/measure-outbox'
import { startRelay } from '@keepr/db/outbox/relay'
import type { Log } from '@keepr/shared/runtime/log'
import type { Metrics } from '@keepr/shared/runtime/metrics'
import { observeCarriage } from '@keepr/shared/runtime/observe-carriage'
import { openSubscriberConfig } from '@keepr/shared/runtime/open-subscriber-config'
import { createOutbound } from '@keepr/shared/runtime/outbound'
import { openPublisher } from '@keepr/shared/runtime/queue'
import type { Redactor } from '@keepr/shared/runtime/redactor'
import { createSecrets } from '@keepr/shared/runtime/secrets/secrets'
import { warnOfMissing } from '@keepr/shared/runtime/secrets/warn-of-missing'
import type { SettingsOf } from '@keepr/shared/runtime/settings'
import type { SubscriberConfigFile } from '@keepr/shared/schemas/subscriber-config'
import type { Context } from './context.ts'
import { createSlots } from './delivery/slots.ts'
import { createWebhookMetrics } from './webhook-metrics.ts'

type Parts = {
  env: Readonly<Record<string, string | undefined>>
  log: Log
  redactor: Redactor
  metrics: Metrics
}

/** A changed configuration reaches all processes of a deployment within it. */
const UNKNOWN_GRACE_MS = 10 * 60_000

/** Builds all that the worker needs; main.ts closes it again, in the order in which parts may go. */
export async function createContext(settings: SettingsOf<'webhook-worker'>, { env, log, redactor, metrics }: Parts) {
  const file = await openSubscriberConfig(settings, log)
  const secrets = await createSecrets(settings, { env, redactor, log })
  await warnOfMissing({ file, secrets, templatesOf, log })

  const db = connectAsSet(settings, { url: settings.databaseUrl, applicationName: 'keepr-webhook-worker' })
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
  })
  const outbound = createOutbound(settings)
  const ctx: Context = {
    db,
    log,
    metrics: createWebhookMetrics(metrics),
    redactor,
    secrets,
    outbound,
    subscribers: () => file.current().subscribers,
    relay,
    slots: createSlots(settings.webhookConcurrency),
    now: Date.now,
    random: Math.random,
    schedule: settings.webhookSchedule,
    pausing: { afterMs: settings.webhookPauseAfter, probeEveryMs: settings.webhookProbeInterval },
    unknownGraceMs: UNKNOWN_GRACE_MS,
    retention: {
      deliveriesMs: settings.retainDeliveries,
      attemptsMs: settings.retainDeliveryAttempts,
      operationalEventsMs: settings.retainOperationalEvents,
    },
  }
  return { ctx, db, publisher, relay, outbound, secrets, file }
}

const templatesOf = ({ subscribers }: SubscriberConfigFile): string[] =>
  subscribers.flatMap(({ url, secret, headers }) => [url, secret, Object.values(headers)].flat(2))
