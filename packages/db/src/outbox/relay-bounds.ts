/**
 * What every relay keeps to, whichever service it runs in. A lane's bound counts what all relays have in flight, so it holds
 * only if it is the same for all of them. A hanging subscriber must not fill a worker (WEBHOOK_CONCURRENCY).
 */
export const relayBounds = {
  perLane: { validate_run: 256, fan_out_events: 2000, deliver_webhook: 32 },
  batchSize: 200,
  leaseMs: 20_000,
  maxFailures: 20,
} as const
