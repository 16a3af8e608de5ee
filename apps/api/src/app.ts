import { problem } from '@keepr/shared/problem'
import { Hono } from 'hono'
import type { Context } from './context.ts'
import type { ApiEnv } from './http/api.ts'
import { mountRoutes } from './http/mount-routes.ts'
import { answerError } from './http/problems.ts'
import { surround } from './http/surround.ts'
import { withoutTrailingSlash } from './http/without-trailing-slash.ts'
import { routes } from './routes/index.ts'
import { mountQueueDashboard } from './routes/system/queue-dashboard.ts'
import { mountReference } from './routes/system/reference.ts'

/** The API over a context. It does nothing by itself, so a test can call it. */
export function createApp(ctx: Context): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>({ strict: true, getPath: withoutTrailingSlash })
  app.use(surround(ctx))
  app.onError(answerError)
  mountRoutes(app, routes)
  mountReference(app)
  if (ctx.queueDashboard !== undefined) mountQueueDashboard(app, ctx.queueDashboard)
  app.notFound((c) => answerError(problem('not-found', { detail: 'No route has this path: see /docs.' }), c))
  return app
}
