import { routePath } from 'hono/route'
import type { Call } from './api.ts'

/** Counts and times a request by its route, never by name, group or user. */
export async function measure(c: Call, answer: () => Promise<void>): Promise<void> {
  const { log, metrics } = c.get('ctx')
  const { requestDuration, requestsRunning } = metrics
  const start = performance.now()
  requestsRunning.inc()
  try {
    await answer()
  } finally {
    requestsRunning.dec()
  }
  const route = routePath(c, -1)
  const { method } = c.req
  const { status } = c.res
  const tookMs = performance.now() - start
  requestDuration.observe({ method, route, status: String(status) }, tookMs / 1000)
  if (log.isLevelEnabled('debug'))
    log.debug({ request_id: c.get('requestId'), method, route, status, duration_ms: Math.round(tookMs) }, 'answered')
}
