import type { Tx } from '../transaction.ts'
import { isOpen } from './is-open.ts'

/** Ends the quest of a run without a verdict: its artifact stays on_verification until an author asks again. */
export async function holdRun(tx: Tx, run: { id: string; group_id: string }, reason: string): Promise<boolean> {
  const held = await tx`
    update validation_runs
       set state = 'held', reason = ${reason}, poll_url = null
     where id = ${run.id} and group_id = ${run.group_id} and ${isOpen(tx)}`
  return held.count === 1
}
