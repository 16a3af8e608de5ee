import { CONNECTION_CODES } from '@keepr/shared/domain/connection-codes'
import { DatabaseBusy } from './in-time.ts'
import { sqlState } from './transaction.ts'

const states = new Set([
  ...CONNECTION_CODES,
  '40001', '40P01', // chosen as a victim again and again
  '25006', '55P03', '57014', '58030', // read-only for now (a failover, a maintenance), in vain for too long, a failing disk
  'DATABASE_BUSY', 'SCHEMA_MISFIT',
]) // prettier-ignore

/**
 * Did the statement fail because the database could not be reached, was stopping, takes no writes, or had no capacity (no
 * space left on its disk, a statement or lock timeout)? Then the caller may try again later; whether a commit took place is unknown (mayBeKept).
 */
export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error)
  return state !== undefined && (states.has(state) || /^(08|53)/.test(state) || endedConnection(error))
}

/**
 * May what a transaction did stand although it failed so? The server's own refusal (a lock that did not come free in time, a deadlock),
 * and one that we threw, keep nothing; a connection that broke, in whatever way its system tells of it, may have carried the commit before.
 */
export const mayBeKept = (error: unknown): boolean =>
  !(error instanceof DatabaseBusy) &&
  !isRefusedStatement(error) &&
  (isUnavailable(error) || (typeof error === 'object' && error !== null && 'syscall' in error))

/** An ERROR ends the transaction, and no connection. */
const isRefusedStatement = (error: unknown) =>
  typeof error === 'object' && error !== null && 'severity' in error && error.severity === 'ERROR'

/** FATAL and PANIC refuse or end the connection, whatever the reason: stopping, too many, a database closed for a while. */
const endedConnection = (error: unknown) =>
  typeof error === 'object' &&
  error !== null &&
  'severity' in error &&
  (error.severity === 'FATAL' || error.severity === 'PANIC')
