import { changeStatus } from '@keepr/db/artifacts/change-status'
import { appendEvents, type Cause } from '@keepr/db/events/append-events'
import { lockName } from '@keepr/db/names/lock-name'
import type { ArtifactRow, RunState } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { cancelRun } from '@keepr/db/validation-runs/cancel-run'
import { insertRuns } from '@keepr/db/validation-runs/insert-runs'
import { problem } from '@keepr/shared/problem'
import { deadlineMsOf } from '@keepr/shared/schemas/type-config'
import type { ContentRules } from './prepare-content.ts'
import { requireFittingDraft } from './require-fitting-draft.ts'
import { requirePendingRoom } from './require-pending-room.ts'

type Started = ArtifactRow & { run_state?: RunState | null }
export type Verification = {
  runId: string
  awaited: boolean
  rules: ContentRules
  maxPending: number
  maxPendingPerUser: number
  cause: Cause
}

/** Hands a draft to verification. Its version is used from now on. */
export async function submitDraft(tx: Tx, artifact: Started, verification: Verification): Promise<ArtifactRow> {
  if (artifact.status !== 'draft') throw problem('wrong-status', { detail: 'Only a draft is submitted.' })
  await requireFittingDraft(tx, artifact, verification.rules)
  return await startVerification(tx, artifact, verification, 'submitted')
}

/** Asks for a new verdict on a blocked version, or on one whose validator was not to be had (held). */
export async function revalidateArtifact(tx: Tx, artifact: Started, verification: Verification): Promise<ArtifactRow> {
  const held = artifact.status === 'on_verification' && artifact.run_state === 'held'
  if (artifact.status !== 'blocked' && !held)
    throw problem('wrong-status', {
      detail: 'Only a blocked version, or one whose verification is held, is revalidated.',
    })
  if (held && artifact.validation_run_id)
    await cancelRun(tx, { id: artifact.validation_run_id, group_id: artifact.group_id }, 'replaced')
  return await startVerification(tx, artifact, verification, 'revalidation_requested')
}

async function startVerification(
  tx: Tx,
  artifact: Started,
  { runId, awaited, rules, maxPending, maxPendingPerUser, cause }: Verification,
  event_type: 'submitted' | 'revalidation_requested',
): Promise<ArtifactRow> {
  const { type: config } = rules
  await requirePendingRoom(tx, artifact, { maxPending, maxPendingPerUser, config })
  const name = await lockName(tx, artifact, 1)
  const from = artifact.status === 'draft' || artifact.status === 'blocked' ? artifact.status : 'on_verification'
  const moved = await changeStatus(tx, artifact, { from, to: 'on_verification', validation_run_id: runId })
  if (!moved || !name) throw problem('wrong-status', { detail: 'It has changed in the meantime.' })
  await insertRuns(tx, [
    {
      id: runId,
      group_id: moved.group_id,
      artifact_id: moved.id,
      artifact_type: moved.type,
      content_hash: moved.content_hash,
      kind: event_type === 'submitted' ? 'submission' : 'revalidation',
      requires_validation: config.requires_validation,
      deadlineMs: deadlineMsOf(config),
      awaited,
      traceparent: cause.traceparent,
    },
  ])
  await appendEvents(tx, cause, name.last_sequence, [{ artifact: moved, event_type }])
  return moved
}
