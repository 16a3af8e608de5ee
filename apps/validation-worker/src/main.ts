import { every } from '@keepr/shared/runtime/every'
import { startHealthServer } from '@keepr/shared/runtime/health-server'
import { createLog } from '@keepr/shared/runtime/log'
import { createMetrics } from '@keepr/shared/runtime/metrics'
import { observeWorkers } from '@keepr/shared/runtime/observe-workers'
import { startWorker } from '@keepr/shared/runtime/queue'
import { createRedactor } from '@keepr/shared/runtime/redactor'
import { readSettings, warnOfUnknownSettings } from '@keepr/shared/runtime/settings'
import { endInOrder } from '@keepr/shared/runtime/shutdown'
import { startOrTell } from '@keepr/shared/runtime/start-or-tell'
import { startTracing } from '@keepr/shared/runtime/tracing'
import { createContext } from './create-context.ts'
import { planRechecks } from './jobs/plan-rechecks.ts'
import { pruneExpired } from './jobs/prune-expired.ts'
import { sampleRuns } from './jobs/sample-runs.ts'
import { sweepStuckRuns } from './jobs/sweep-stuck-runs.ts'
import { validateInTurn } from './jobs/validate-in-turn.ts'

await startOrTell(async () => {
  const service = 'validation-worker'
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

  const worker = startWorker('validation', validateInTurn(ctx), {
    settings,
    concurrency: settings.validationConcurrency,
    log,
  })
  observeWorkers(metrics, { validation: { worker, concurrency: settings.validationConcurrency } })
  metrics.sample('runs', () => sampleRuns(ctx))
  const sweeping = every(Math.min(settings.sweepInterval, 30_000), 'sweep', () => sweepStuckRuns(ctx), log)
  const planning = every(1_000, 'plan rechecks', () => planRechecks(ctx), log)
  const pruning = every(10 * 60_000, 'prune', () => pruneExpired(ctx), log)

  const health =
    settings.metricsPort === undefined
      ? undefined
      : await startHealthServer({
          host: settings.host,
          port: settings.metricsPort,
          metrics,
          ping: db.ping,
          queues: [publisher, worker],
          log,
        })

  endInOrder({
    log,
    graceMs: settings.shutdownGrace,
    closers: [
      ['worker', () => worker.close(settings.shutdownGrace * 0.7)],
      ['recurring work', () => Promise.all([sweeping.close(), planning.close(), pruning.close()])],
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
  log.info({ types: ctx.types().size, metrics_port: health?.port }, 'the validation worker is ready')
})
