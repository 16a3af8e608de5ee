import { changeStatus } from '@keepr/db/artifacts/change-status'
import { appendEvents, type Cause } from '@keepr/db/events/append-events'
import { lockName } from '@keepr/db/names/lock-name'
import type { ArtifactRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { cancelRun } from '@keepr/db/validation-runs/cancel-run'
import { problem } from '@keepr/shared/problem'

/** Ends a verification that is under way: the version is blocked and can be revalidated. */
export async function cancelVerification(tx: Tx, artifact: ArtifactRow, cause: Cause): Promise<ArtifactRow> {
  const name = await lockName(tx, artifact, 1)
  const blocked = await changeStatus(tx, artifact, {
    from: 'on_verification',
    to: 'blocked',
    blocked_reason: 'cancelled',
  })
  if (!blocked || !name) throw problem('wrong-status', { detail: 'Only a version on verification is cancelled.' })
  if (blocked.validation_run_id)
    await cancelRun(tx, { id: blocked.validation_run_id, group_id: blocked.group_id }, 'cancelled')
  await appendEvents(tx, cause, name.last_sequence, [
    { artifact: blocked, event_type: 'cancelled', event_data: { reason: 'cancelled' } },
  ])
  return blocked
}
