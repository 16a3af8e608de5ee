import type { RunState } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { isOpen } from './is-open.ts'

export type OpenRunChange = {
  state: Extract<RunState, 'waiting' | 'running' | 'error'>
  reason: string | null
  /** Where a 202 said that the verdict will be; null when the next call submits anew. */
  poll_url: string | null
  /** How often asking there has failed in a row, this time included. */
  pollFailures: number
  attempted: boolean
  /** The validator asked not to be called before this time has passed. */
  notBeforeMs?: number | undefined
}

/** Notes what came of a call that brought no verdict. @returns false when the run is not open any more */
export async function updateOpenRun(
  tx: Tx,
  run: { id: string; group_id: string },
  change: OpenRunChange,
): Promise<boolean> {
  const seconds = change.notBeforeMs === undefined ? null : change.notBeforeMs / 1000
  const updated = await tx`
    update validation_runs
       set state = ${change.state}, reason = ${change.reason}, poll_url = ${change.poll_url},
           poll_failures = ${change.pollFailures}, attempts = attempts + ${change.attempted ? 1 : 0},
           not_before = now() + make_interval(secs => ${seconds}::float8)
     where id = ${run.id} and group_id = ${run.group_id} and ${isOpen(tx)}`
  return updated.count === 1
}
