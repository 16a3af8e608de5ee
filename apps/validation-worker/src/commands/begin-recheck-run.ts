import { randomUUIDv7 } from 'node:crypto'
import { advanceRecheck } from '@keepr/db/rechecks/advance-recheck'
import type { PublishedRef } from '@keepr/db/rechecks/list-published-of-type'
import type { RecheckRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { insertRuns } from '@keepr/db/validation-runs/insert-runs'
import { deadlineMsOf, type TypeConfig } from '@keepr/shared/schemas/type-config'

/** Gives one published artifact its run; the cursor moves with it, so that a restart goes on exactly there. */
export async function beginRecheckRun(
  tx: Tx,
  recheck: Pick<RecheckRow, 'id' | 'artifact_type' | 'simulate'>,
  artifact: PublishedRef,
  type: TypeConfig | undefined,
): Promise<boolean> {
  const mine = await advanceRecheck(tx, recheck.id, artifact.artifact_id)
  if (!mine) return false
  await insertRuns(tx, [
    {
      id: randomUUIDv7(),
      ...artifact,
      artifact_type: recheck.artifact_type,
      kind: 'recheck',
      requires_validation: type?.requires_validation ?? true,
      deadlineMs: deadlineMsOf(type),
      recheck_id: recheck.id,
      simulate: recheck.simulate,
    },
  ])
  return true
}
