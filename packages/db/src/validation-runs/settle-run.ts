import type { JsonObject, RunState } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { isOpen } from './is-open.ts'

export type RunVerdict = {
  state: Extract<RunState, 'passed' | 'failed' | 'expired' | 'cancelled' | 'not_required'>
  reason?: string | undefined
  findings?: JsonObject[]
  report_url?: string | undefined
  /** Whether the call that brought it counts as an attempt. */
  attempted?: boolean
}

/**
 * Stores the verdict of a run, once: a run that has one, is held or does not exist is left alone.
 * @returns false when nothing was stored
 */
export async function settleRun(tx: Tx, run: { id: string; group_id: string }, verdict: RunVerdict): Promise<boolean> {
  const settled = await tx`
    update validation_runs
       set state = ${verdict.state},
           reason = ${verdict.reason ?? null},
           findings = ${tx.json(verdict.findings ?? [])},
           report_url = ${verdict.report_url ?? null},
           attempts = attempts + ${verdict.attempted ? 1 : 0},
           poll_url = null,
           checked_at = now()
     where id = ${run.id} and group_id = ${run.group_id} and ${isOpen(tx)}`
  return settled.count === 1
}
