import { sqlState } from './transaction.ts'

const states = new Set([
  '40001', '40P01', // chosen as a victim again and again
  '53300', '53400', '55P03', '57014', '57P01', '57P02', '57P03', '57P05', '25P03',
  'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT',
  'DATABASE_BUSY', 'SCHEMA_MISFIT', 'CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED', 'CONNECT_TIMEOUT',
]) // prettier-ignore

/**
 * Did the statement fail because the database could not be reached, was stopping, or had no capacity in time
 * (statement or lock timeout)? Then the caller may try again later; whether a commit took place is unknown.
 */
export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error)
  return state !== undefined && (states.has(state) || state.startsWith('08'))
}
