import type { Tx } from '../transaction.ts'
import { isOpen } from './is-open.ts'

/** Closes a run that is open although its artifact does not wait for it any more, so that it is not looked for again. */
export async function cancelOrphanedRun(
  tx: Tx,
  run: { id: string; group_id: string },
): Promise<{ recheck_id: string | null } | undefined> {
  const [cancelled] = await tx<{ recheck_id: string | null }[]>`
    update validation_runs
       set state = 'cancelled', reason = 'superseded', poll_url = null, checked_at = now()
     where id = ${run.id} and group_id = ${run.group_id} and ${isOpen(tx)}
    returning recheck_id`
  return cancelled
}
