import type { SettingsNamed } from '@keepr/shared/runtime/settings'
import { connect, type Db } from './connect.ts'

type Settings = SettingsNamed<
  | 'DATABASE_POOL_SIZE'
  | 'DATABASE_CONNECT_TIMEOUT'
  | 'DATABASE_STATEMENT_TIMEOUT'
  | 'DATABASE_LOCK_TIMEOUT'
  | 'DATABASE_IDLE_TRANSACTION_TIMEOUT'
>

/** The database of a service, with the limits that its settings say. */
export const connectAsSet = (
  settings: Settings,
  { url, applicationName }: { url: string; applicationName: string },
): Db =>
  connect({
    url,
    applicationName,
    poolSize: settings.databasePoolSize,
    connectTimeoutMs: settings.databaseConnectTimeout,
    statementTimeoutMs: settings.databaseStatementTimeout,
    lockTimeoutMs: settings.databaseLockTimeout,
    idleTransactionTimeoutMs: settings.databaseIdleTransactionTimeout,
  })
