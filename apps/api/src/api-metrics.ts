import type { Metrics } from '@keepr/shared/runtime/metrics'

export type ApiMetrics = ReturnType<typeof createApiMetrics>

/** What the API counts. */
export const createApiMetrics = (metrics: Metrics) => ({
  requestDuration: metrics.histogram(
    'keepr_http_request_duration_seconds',
    'How long requests took, by method, route and status.',
    ['method', 'route', 'status'],
    [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  ),
  requestsRunning: metrics.gauge('keepr_http_requests_in_flight', 'Requests that are being answered.'),
  streams: metrics.gauge('keepr_http_event_streams', 'Callers that follow the event feed live.'),
  limitsShared: metrics.gauge(
    'keepr_limits_shared',
    'Whether limits are counted over all processes (1) or by this one for itself (0).',
  ),
  expose: metrics.expose,
})
