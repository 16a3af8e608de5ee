import { problem } from '@keepr/shared/problem'
import { route } from '../../http/route.ts'
import { registry } from '../../metrics.ts'

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
    if (c.get('ctx').settings.metricsPort !== undefined) throw problem('not-found')
    return c.body(await registry.metrics(), 200, { 'content-type': registry.contentType })
  },
)
