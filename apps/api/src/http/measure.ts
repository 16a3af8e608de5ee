import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import type { ApiEnv } from './api.ts'

/** Counts and times each request by its route, never by name, group or user. */
export const measure = createMiddleware<ApiEnv>(async (c, next) => {
  const { requestDuration, requestsRunning } = c.get('ctx').metrics
  const start = performance.now()
  requestsRunning.inc()
  try {
    await next()
  } finally {
    requestsRunning.dec()
  }
  const route = routePath(c, -1)
  requestDuration.observe(
    { method: c.req.method, route, status: String(c.res.status) },
    (performance.now() - start) / 1000,
  )
})
