import type { Tx } from '../transaction.ts'
import { isOpen } from './is-open.ts'

/** Why a run is held, and whether the call that came last counts as an attempt. */
export type Hold = { reason: string; attempted: boolean }

/** Ends the quest of a run without a verdict: its artifact stays on_verification until an author asks again. */
export async function holdRun(tx: Tx, run: { id: string; group_id: string }, hold: Hold): Promise<boolean> {
  const held = await tx`
    update validation_runs
       set state = 'held', reason = ${hold.reason}, attempts = attempts + ${hold.attempted ? 1 : 0}, poll_url = null
     where id = ${run.id} and group_id = ${run.group_id} and ${isOpen(tx)}`
  return held.count === 1
}
