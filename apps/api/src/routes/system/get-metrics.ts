import { problem } from '@keepr/shared/problem'
import { route } from '../../http/route.ts'

/** Prometheus metrics, unless a port of their own is set. */
export const getMetrics = route(
  {
    operationId: 'getMetrics',
    method: 'get',
    path: '/metrics',
    summary: 'Metrics for Prometheus',
    tag: 'system',
    open: true,
    produces: ['*/*'],
    answers: { 200: { description: 'Metrics in the text format', contentType: 'text/plain' } },
    problems: ['not-found'],
  },
  async (c) => {
    const { settings, metrics } = c.get('ctx')
    if (settings.metricsPort !== undefined) throw problem('not-found')
    const { contentType, body } = await metrics.expose()
    return c.body(body, 200, { 'content-type': contentType })
  },
)
