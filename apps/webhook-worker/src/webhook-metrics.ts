import type { Metrics } from '@keepr/shared/runtime/metrics'

/** What the webhook worker counts. */
export const webhookMetrics = ({ counter, histogram, gauge }: Metrics) => ({
  attempts: counter('keepr_webhook_attempts_total', 'Attempts to deliver a webhook, by what came of them.', [
    'outcome',
  ]),
  duration: histogram('keepr_webhook_attempt_seconds', 'How long an attempt took.'),
  fannedOut: counter('keepr_webhook_fanned_out_events_total', 'Events that were fanned out to subscribers.'),
  quarantined: counter('keepr_outbox_quarantined_total', 'Messages that the queue refused again and again.'),
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
  inFlight: gauge('keepr_webhook_in_flight', 'Deliveries that are being made.'),
})

export type WebhookMetrics = ReturnType<typeof webhookMetrics>
