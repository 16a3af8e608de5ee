import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

/**
 * The condition that a run, found by its id, is open. A `case`, which no index serves: hardly any run was open when a statement was
 * planned, so the planner would look for one among all that are open, however many those are by now.
 */
export const isOpen = (tx: Tx): postgres.PendingQuery<postgres.Row[]> => tx`
  case when state in ('waiting', 'running', 'error') then true end`
