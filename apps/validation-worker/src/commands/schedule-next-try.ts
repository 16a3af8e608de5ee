import { finishRunMessages } from '@keepr/db/outbox/finish-run-messages'
import { rescheduleMessage } from '@keepr/db/outbox/reschedule-message'
import type { Tx } from '@keepr/db/transaction'
import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import { insertTry, type NewTry } from '@keepr/db/validation-runs/insert-try'
import { type OpenRunChange, updateOpenRun } from '@keepr/db/validation-runs/update-open-run'

export type NextTry = { change: OpenRunChange; delayMs: number; tried?: NewTry | undefined }

/**
 * Notes what came of a call that brought no verdict, and when the run is worked on again. The schedule stands in the
 * outbox, so it survives every restart and holds no slot.
 */
export async function scheduleNextTry(tx: Tx, run: OpenRun, next: NextTry): Promise<'scheduled' | 'stale'> {
  const [open] = await Promise.all([
    updateOpenRun(tx, run, next.change),
    ...(next.tried ? [insertTry(tx, run, next.tried)] : []),
  ])
  if (!open) {
    await finishRunMessages(tx, run.group_id, [run.id])
    return 'stale'
  }
  await rescheduleMessage(tx, {
    kind: 'validate_run',
    lane: run.artifact_type,
    group_id: run.group_id,
    refs: [run.id],
    traceparent: run.traceparent ?? undefined,
    delayMs: next.delayMs,
  })
  return 'scheduled'
}
