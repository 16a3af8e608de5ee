import { finishRunMessages } from '@keepr/db/outbox/finish-run-messages'
import { countRecheckOutcome } from '@keepr/db/rechecks/count-recheck-outcome'
import type { Tx } from '@keepr/db/transaction'
import { cancelOrphanedRun } from '@keepr/db/validation-runs/cancel-orphaned-run'

/** Nothing waits for this run any more (judged, cancelled, replaced, withdrawn): its message goes, and it is closed. */
export async function discardStaleRun(tx: Tx, run: { id: string; group_id: string }): Promise<void> {
  const orphan = await cancelOrphanedRun(tx, run)
  if (orphan?.recheck_id) await countRecheckOutcome(tx, orphan.recheck_id, 'skipped')
  await finishRunMessages(tx, run.group_id, [run.id])
}
