import { failSpan, inSpan } from '@keepr/shared/runtime/tracing'
import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import type { ApiEnv } from './api.ts'

/** Asked for all the time, by machines that follow no trace. */
const UNTRACED = new Set(['/healthz', '/readyz', '/metrics'])

/** Makes each request a span, of the caller's trace where it names one. Told are route and ids, never names or users. */
export const traceRequest = createMiddleware<ApiEnv>(async (c, next) => {
  if (UNTRACED.has(c.req.path)) return await next()
  const { method } = c.req
  const attributes = { 'http.request.method': method, 'keepr.request_id': c.get('requestId') }
  await inSpan(method, { kind: 'server', parent: c.req.header('traceparent'), attributes }, async (span) => {
    await next()
    const { status } = c.res
    const route = routePath(c, -1)
    span.updateName(`${method} ${route}`).setAttributes({ 'http.route': route, 'http.response.status_code': status })
    if (status >= 500) failSpan(span, String(status))
  })
})
