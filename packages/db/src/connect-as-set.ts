import { connect, type Db } from './connect.ts'

/** Of the settings of a service; times are milliseconds. */
type Settings = {
  databasePoolSize: number
  databaseConnectTimeout: number
  databaseStatementTimeout: number
  databaseLockTimeout: number
  databaseIdleTransactionTimeout: number
}

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
