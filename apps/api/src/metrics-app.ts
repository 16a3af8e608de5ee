import { Hono } from 'hono'
import type { Context } from './context.ts'
import type { ApiEnv } from './http/api.ts'
import { mountRoutes } from './http/mount-routes.ts'
import { answerError } from './http/problems.ts'
import { giveRequestId } from './http/request-id.ts'
import { addFields } from './http/respond.ts'
import { getHealth } from './routes/system/get-health.ts'
import { getReadiness } from './routes/system/get-readiness.ts'

/** What METRICS_PORT serves: metrics apart from the API, so that no ingress shows them. */
export function createMetricsApp(ctx: Context): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()
  app.use(async (c, next) => {
    c.set('ctx', ctx)
    giveRequestId(c)
    await next()
    addFields(c)
  })
  app.onError(answerError)
  mountRoutes(app, [getHealth, getReadiness])
  app.get('/metrics', async (c) => {
    const { contentType, body } = await ctx.metrics.expose()
    return c.body(body, 200, { 'content-type': contentType })
  })
  return app
}
