import type { Setting } from './setting.ts'
import { countUpTo, RedisUrl, Switch, Text, TimerDuration, urlOf } from './setting-types.ts'

/** PostgreSQL, which holds the truth, and the queue, which only wakes. */
export const storageSettings = {
  DATABASE_URL: {
    type: urlOf('postgres', 'postgresql'),
    secret: true,
    readBy: ['api', 'validation-worker', 'webhook-worker', 'migrate'],
    about:
      "PostgreSQL, as the service's own role (keepr_api, keepr_validation, keepr_webhook; keepr_maintenance to migrate).",
  },
  KEEPR_API_PASSWORD: {
    type: Text,
    optional: true,
    secret: true,
    readBy: ['migrate'],
    about: 'What the migration makes the password of keepr_api; absent, the role is left as it is.',
  },
  KEEPR_VALIDATION_PASSWORD: {
    type: Text,
    optional: true,
    secret: true,
    readBy: ['migrate'],
    about: 'What the migration makes the password of keepr_validation; absent, the role is left as it is.',
  },
  KEEPR_WEBHOOK_PASSWORD: {
    type: Text,
    optional: true,
    secret: true,
    readBy: ['migrate'],
    about: 'What the migration makes the password of keepr_webhook; absent, the role is left as it is.',
  },
  KEEPR_QUEUE_PASSWORD: {
    type: Text,
    optional: true,
    secret: true,
    readBy: ['migrate'],
    about: 'What the migration makes the password of keepr_queue; absent, the role is left as it is.',
  },
  DATABASE_READ_URL: {
    type: urlOf('postgres', 'postgresql'),
    optional: true,
    secret: true,
    readBy: ['api'],
    about: 'A replica for read-only requests; they go to DATABASE_URL when absent.',
  },
  DATABASE_POOL_SIZE: {
    type: countUpTo(1000),
    default: '10',
    unit: 'count',
    readBy: ['api', 'validation-worker', 'webhook-worker'],
    about: 'Connections that one process opens to PostgreSQL, those of the queue aside.',
  },
  DATABASE_CONNECT_TIMEOUT: {
    type: TimerDuration,
    default: '2s',
    unit: 'duration',
    readBy: ['api', 'validation-worker', 'webhook-worker'],
    about: 'How long opening a connection may take.',
  },
  DATABASE_STATEMENT_TIMEOUT: {
    type: TimerDuration,
    default: '5s',
    unit: 'duration',
    readBy: ['api', 'validation-worker', 'webhook-worker'],
    about: 'How long one statement may run.',
  },
  DATABASE_LOCK_TIMEOUT: {
    type: TimerDuration,
    default: '2s',
    unit: 'duration',
    readBy: ['api', 'validation-worker', 'webhook-worker'],
    about: 'How long a statement may wait for a lock.',
  },
  DATABASE_IDLE_TRANSACTION_TIMEOUT: {
    type: TimerDuration,
    default: '10s',
    unit: 'duration',
    readBy: ['api', 'validation-worker', 'webhook-worker'],
    about: 'How long an open transaction may do nothing.',
  },
  REDIS_URL: {
    type: RedisUrl,
    optional: true,
    secret: true,
    readBy: ['api', 'validation-worker', 'webhook-worker', 'dev-env'],
    about: 'Redis for the queue: one server, Sentinels or a Cluster. Absent: the queue runs on PostgreSQL.',
  },
  QUEUE_DATABASE_URL: {
    type: urlOf('postgres', 'postgresql'),
    optional: true,
    defaultsTo: 'DATABASE_URL',
    secret: true,
    readBy: ['api', 'validation-worker', 'webhook-worker'],
    about:
      'PostgreSQL for the queue when there is no Redis: a direct connection or session pooling, as it listens. DATABASE_URL when absent.',
  },
  QUEUE_DASHBOARD: {
    type: Switch,
    default: 'false',
    readBy: ['api'],
    about: 'Shows operators a page about the queues, at /queues.',
  },
  RELAY_POLL_INTERVAL: {
    type: TimerDuration,
    default: '1s',
    unit: 'duration',
    readBy: ['api', 'validation-worker', 'webhook-worker'],
    about: 'How often the relay looks for due messages when nobody nudges it.',
  },
} as const satisfies Record<string, Setting>
