import { every } from '@keepr/shared/runtime/every'
import { createLog } from '@keepr/shared/runtime/log'
import { createMetrics } from '@keepr/shared/runtime/metrics'
import { startHealthServer } from '@keepr/shared/runtime/health-server'
import { observeWorkers } from '@keepr/shared/runtime/observe-workers'
import { startWorker } from '@keepr/shared/runtime/queue'
import { createRedactor } from '@keepr/shared/runtime/redactor'
import { readSettings, warnOfUnknownSettings } from '@keepr/shared/runtime/settings'
import { endInOrder } from '@keepr/shared/runtime/shutdown'
import { startOrTell } from '@keepr/shared/runtime/start-or-tell'
import { startTracing } from '@keepr/shared/runtime/tracing'
import { createContext } from './create-context.ts'
import { createDeliveryDesk } from './delivery-desk.ts'
import { createDeliveryHand } from './delivery-hand.ts'
import { deliverWebhook } from './jobs/deliver-webhook.ts'
import { fanOutEvents } from './jobs/fan-out-events.ts'
import { sampleDeliveries } from './jobs/sample-deliveries.ts'
import { sweepDeliveries } from './jobs/sweep-deliveries.ts'

/** Fan-outs at once: each is one short transaction. */
const FAN_OUTS = 8

await startOrTell(async () => {
  const settings = readSettings(process.env, 'webhook-worker')
  const redactor = createRedactor()
  const log = createLog({ service: 'webhook-worker', level: settings.logLevel, pretty: settings.logPretty, redactor })
  warnOfUnknownSettings(process.env, (warning) => log.warn(warning))
  const tracing = await startTracing(settings, { service: 'webhook-worker', log })
  const metrics = createMetrics('webhook-worker', log)
  const { context, db, config, secrets, publisher, relay, outbound } = await createContext(settings, {
    log,
    metrics,
    redactor,
    env: process.env,
  })

  const desk = createDeliveryDesk(context)
  const hand = createDeliveryHand(context, desk)
  const events = startWorker('events', fanOutEvents(context, hand), { settings, concurrency: FAN_OUTS, log })
  const deliveries = startWorker('deliveries', deliverWebhook(context, desk), {
    settings,
    concurrency: settings.webhookConcurrency,
    log,
  })
  observeWorkers(metrics, {
    events: { worker: events, concurrency: FAN_OUTS },
    deliveries: { worker: deliveries, concurrency: settings.webhookConcurrency },
  })
  metrics.sample('deliveries', () => sampleDeliveries(context))
  const sweeping = every(settings.sweepInterval, 'sweep', sweepDeliveries(context), log)
  const health =
    settings.metricsPort === undefined
      ? undefined
      : await startHealthServer({
          host: settings.host,
          port: settings.metricsPort,
          metrics,
          ping: db.ping,
          queues: [publisher, events, deliveries],
          log,
        })

  endInOrder({
    log,
    graceMs: settings.shutdownGrace,
    closers: [
      ['workers', () => Promise.all([events, deliveries, hand].map((one) => one.close(settings.shutdownGrace * 0.7)))],
      ['recurring work', () => sweeping.close()],
      ['relay', () => relay.stop()],
      ['queues', () => publisher.close()],
      ['outbound', () => outbound.close()],
      ['configuration', () => config.close()],
      ['secrets', () => secrets.close()],
      ['traces', () => tracing.close()],
      ['health', () => health?.close()],
      ['database', () => db.close()],
    ],
  })
  log.info({ subscribers: context.subscribers().length }, 'the webhook worker is ready')
})
