import { failSpan, inSpan, isTracing } from '@keepr/shared/runtime/tracing'
import { routePath } from 'hono/route'
import type { Call } from './api.ts'

/** Asked for all the time, by machines that follow no trace. */
const UNTRACED = new Set(['/healthz', '/readyz', '/metrics'])

/** Makes a request a span, of the caller's trace where it names one. Told are route and ids, never names or users. */
export function traceRequest(c: Call, answer: () => Promise<void>): Promise<void> {
  if (!isTracing() || UNTRACED.has(c.req.path)) return answer()
  const { method } = c.req
  const attributes = { 'http.request.method': method, 'keepr.request_id': c.get('requestId') }
  return inSpan(method, { kind: 'server', parent: c.req.header('traceparent'), attributes }, async (span) => {
    await answer()
    const { status } = c.res
    const route = routePath(c, -1)
    span.updateName(`${method} ${route}`).setAttributes({ 'http.route': route, 'http.response.status_code': status })
    if (status >= 500) failSpan(span, String(status))
  })
}
