import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import { requestSeconds } from '../metrics.ts'
import type { ApiEnv } from './api.ts'

/** Counts and times each request by its route, never by name, group or user. */
export const measure = createMiddleware<ApiEnv>(async (c, next) => {
  const start = performance.now()
  await next()
  const route = routePath(c, -1)
  requestSeconds.observe(
    { method: c.req.method, route, status: String(c.res.status) },
    (performance.now() - start) / 1000,
  )
})
