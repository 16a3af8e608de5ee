import { blockPublished } from '@keepr/db/artifacts/block-published'
import { findCoordinates } from '@keepr/db/artifacts/find-coordinates'
import { appendEvents } from '@keepr/db/events/append-events'
import { lockName } from '@keepr/db/names/lock-name'
import { deleteGrace } from '@keepr/db/rechecks/delete-grace'
import type { Grace } from '@keepr/db/rechecks/list-graces-due'
import type { Tx } from '@keepr/db/transaction'
import { findFindings } from '@keepr/db/validation-runs/find-findings'
import { systemActor } from '@keepr/shared/domain/actor'
import { toldFindings } from './told-findings.ts'

/** The grace after a failed re-validation is over: blocked, unless it was withdrawn or passed in the meantime. */
export async function endGrace(tx: Tx, grace: Grace): Promise<'blocked' | 'stale'> {
  const name = await findCoordinates(tx, grace.group_id, grace.artifact_id)
  const locked = name && (await lockName(tx, name, 1))
  await deleteGrace(tx, grace.group_id, grace.artifact_id)
  if (!locked) return 'stale'
  const artifact = await blockPublished(tx, { ...grace, id: grace.run_id }, 'recheck_failed')
  if (!artifact) {
    await lockName(tx, name, -1)
    return 'stale'
  }
  const event_data = {
    run_id: grace.run_id,
    reason: 'recheck_failed',
    findings: toldFindings({ findings: await findFindings(tx, grace) }),
  }
  await appendEvents(tx, { actor: systemActor('validation-worker') }, locked.last_sequence, [
    { artifact, event_type: 'blocked', event_data },
  ])
  return 'blocked'
}
