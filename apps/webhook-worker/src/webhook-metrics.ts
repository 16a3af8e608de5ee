import type { Metrics } from '@keepr/shared/runtime/metrics'

export type WebhookMetrics = ReturnType<typeof createWebhookMetrics>

/** What the webhook worker counts. */
export const createWebhookMetrics = ({
  counter,
  histogram,
  gauge,
}: Pick<Metrics, 'counter' | 'histogram' | 'gauge'>) => ({
  attempts: counter('keepr_webhook_attempts_total', 'Attempts to deliver a webhook, by what came of them.', [
    'subscriber',
    'outcome',
  ]),
  duration: histogram('keepr_webhook_attempt_duration_seconds', 'How long an attempt took.', ['subscriber']),
  pending: gauge('keepr_webhook_pending_deliveries', 'Deliveries that are still to be made.', ['subscriber']),
  oldestPending: gauge(
    'keepr_webhook_oldest_pending_delivery_seconds',
    'For how long the oldest delivery to a subscriber has been waiting.',
    ['subscriber'],
  ),
  fannedOut: counter('keepr_webhook_events_fanned_out_total', 'Events that were fanned out to subscribers.'),
  transitions: counter(
    'keepr_webhook_subscriber_transitions_total',
    'Changes of subscribers: paused, probed, resumed, disabled.',
    ['transition'],
  ),
  missed: counter(
    'keepr_webhook_missed_deliveries_total',
    'Deliveries that were settled as missed, their subscriber being removed, disabled or paused for long.',
  ),
  subscribers: gauge('keepr_webhook_subscribers', 'Configured subscribers, by how they do.', ['state']),
})
