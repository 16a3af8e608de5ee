import type { RunState, Timestamp } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { isOpen } from './is-open.ts'

export type SettledRun = {
  id: string
  artifact_id: string
  attempts: number
  awaited: boolean
  state: RunState
  traceparent: string | null
  created_at: Timestamp
}

/** Stores the verdict `not_required` for runs that are still open and do not require validation. */
export async function settleUnvalidatedRuns(
  tx: Tx,
  group_id: string,
  runIds: readonly string[],
): Promise<SettledRun[]> {
  return await tx<SettledRun[]>`
    update validation_runs
       set state = 'not_required', reason = null, poll_url = null, checked_at = now()
     where id = any (${[...runIds]}::uuid[]) and group_id = ${group_id} and not requires_validation
       and ${isOpen(tx)}
    returning id, artifact_id, attempts, awaited, state, traceparent, created_at`
}
