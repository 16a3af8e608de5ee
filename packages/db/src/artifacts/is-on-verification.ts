import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

/** The condition that an artifact, found by its id, waits for a verdict; a `case` for the same reason as isOpen of runs. */
export const isOnVerification = (tx: Tx): postgres.PendingQuery<postgres.Row[]> => tx`
  case when status = 'on_verification' then true end`
