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
  const service = 'webhook-worker'
  const settings = readSettings(process.env, service)
  const redactor = createRedactor()
  const log = createLog({ service, level: settings.logLevel, pretty: settings.logPretty, redactor })
  warnOfUnknownSettings(process.env, (warning) => log.warn(warning))
  const tracing = await startTracing(settings, { service, log })
  const metrics = createMetrics(service, log)
  const { ctx, db, publisher, relay, outbound, secrets, file } = await createContext(settings, {
    env: process.env,
    log,
    redactor,
    metrics,
  })

  const desk = createDeliveryDesk(ctx)
  const hand = createDeliveryHand(ctx, desk)
  const events = startWorker('events', fanOutEvents(ctx, hand), { settings, concurrency: FAN_OUTS, log })
  const deliveries = startWorker('deliveries', deliverWebhook(ctx, desk), {
    settings,
    concurrency: settings.webhookConcurrency,
    log,
  })
  observeWorkers(metrics, {
    events: { worker: events, concurrency: FAN_OUTS },
    deliveries: { worker: deliveries, concurrency: settings.webhookConcurrency },
  })
  metrics.sample('deliveries', () => sampleDeliveries(ctx))
  const sweeping = every(settings.sweepInterval, 'sweep', sweepDeliveries(ctx), log)
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
      ['outbound calls', () => outbound.close()],
      ['secrets', () => secrets.close()],
      ['configuration', () => file.close()],
      ['traces', () => tracing.close()],
      ['health', () => health?.close()],
      ['database', () => db.close()],
    ],
  })
  log.info({ subscribers: ctx.subscribers().length }, 'the webhook worker is ready')
})
