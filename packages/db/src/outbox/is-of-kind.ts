import type postgres from 'postgres'
import type { SingleKind } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/**
 * The condition that a message, found by what it is of, is of a run or of a delivery. The index of those leaves the messages of events
 * out, which are of many; a plan that is kept for whatever kind uses it only where the statement leaves them out by itself.
 */
export const isOfKind = (tx: Tx, kind: SingleKind): postgres.PendingQuery<postgres.Row[]> => tx`
  kind = ${kind} and kind <> 'fan_out_events'`
