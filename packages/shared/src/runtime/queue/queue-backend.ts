import type { QueueBackend, QueueSettings, QueueUse } from './backend.ts'
import { postgresBackend } from './postgres-backend.ts'
import { redisBackend } from './redis-backend.ts'

/** Redis when it is configured, else PostgreSQL: decided here and nowhere else. */
export const queueBackend = (settings: QueueSettings, use: QueueUse, onError: (error: Error) => void): QueueBackend =>
  settings.redisUrl === undefined
    ? postgresBackend(settings.queueDatabaseUrl, use, onError)
    : redisBackend(settings.redisUrl, onError)
