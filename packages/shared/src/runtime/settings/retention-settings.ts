import type { Setting } from './setting.ts'
import { Duration, durationFrom } from './setting-types.ts'

/** An answer is replayed, and a cleanup plan can be applied, for so long; no service can remove one any sooner. */
const PROMISED = '24h'

/** How long is kept what is not kept for ever. The validation worker removes what is older. */
export const retentionSettings = {
  RETAIN_IDEMPOTENCY_KEYS: {
    type: durationFrom(PROMISED),
    default: '24h',
    unit: 'duration',
    readBy: ['validation-worker'],
    about: 'How long the answer to a request with an Idempotency-Key is kept (it is replayed for 24 hours).',
  },
  RETAIN_CLEANUP_PLANS: {
    type: durationFrom(PROMISED),
    default: '30d',
    unit: 'duration',
    readBy: ['validation-worker'],
    about: 'How long a cleanup plan is kept (it can be applied for 24 hours).',
  },
  RETAIN_QUARANTINED_MESSAGES: {
    type: Duration,
    default: '90d',
    unit: 'duration',
    readBy: ['validation-worker'],
    about: 'How long an outbox message that no queue would take is kept for inspection.',
  },
  RETAIN_VALIDATION_TRIES: {
    type: Duration,
    default: '90d',
    unit: 'duration',
    readBy: ['validation-worker'],
    about: 'How long the single tries of a settled validation run are kept (its verdict is kept for ever).',
  },
  RETAIN_DELIVERIES: {
    type: Duration,
    default: '90d',
    unit: 'duration',
    readBy: ['webhook-worker'],
    about: 'How long a settled delivery is kept, and so can be sent again.',
  },
  RETAIN_DELIVERY_ATTEMPTS: {
    type: Duration,
    default: '30d',
    unit: 'duration',
    readBy: ['webhook-worker'],
    about: 'How long the single attempts of a delivery are kept.',
  },
  RETAIN_OPERATIONAL_EVENTS: {
    type: Duration,
    default: '365d',
    unit: 'duration',
    readBy: ['webhook-worker'],
    about: 'How long it is kept what happened to subscribers (paused, resumed, replayed).',
  },
} as const satisfies Record<string, Setting>
