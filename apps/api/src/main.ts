import { readSettings, warnOfUnknownSettings } from '@keepr/shared/runtime/settings'
import { endInOrder } from '@keepr/shared/runtime/shutdown'
import { startOrTell } from '@keepr/shared/runtime/start-or-tell'
import { createApp } from './app.ts'
import { createMetricsApp } from './metrics-app.ts'
import { createContext } from './create-context.ts'
import { listen } from './listen.ts'

await startOrTell(async () => {
  const settings = readSettings(process.env, 'api')
  const { ctx, closers, closing } = await createContext(settings)
  warnOfUnknownSettings(process.env, (warning) => ctx.log.warn(warning))
  if (settings.jwtSecret !== undefined && process.env['NODE_ENV'] !== 'development')
    ctx.log.warn('tokens are verified by JWT_SECRET, which is for development: who has it is every user of every group')
  const metricsServer =
    settings.metricsPort === undefined
      ? undefined
      : await listen(createMetricsApp(ctx), {
          host: settings.host,
          port: settings.metricsPort,
          setting: 'METRICS_PORT',
        })
  const server = await listen(createApp(ctx), settings)
  ctx.log.info({ host: settings.host, port: server.port }, 'the API listens')
  endInOrder({
    log: ctx.log,
    graceMs: settings.shutdownGrace,
    closers: [
      ['streams and waits', () => closing.abort()],
      ['server', () => server.close()],
      ['metrics', () => metricsServer?.close()],
      ...closers,
    ],
  })
})
