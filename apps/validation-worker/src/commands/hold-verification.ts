import { appendEvents } from '@keepr/db/events/append-events'
import { findArtifactOfRun } from '@keepr/db/artifacts/find-artifact-of-run'
import { lockName } from '@keepr/db/names/lock-name'
import { finishRunMessages } from '@keepr/db/outbox/finish-run-messages'
import type { Tx } from '@keepr/db/transaction'
import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import { type Hold, holdRun } from '@keepr/db/validation-runs/hold-run'
import { announceVerdict } from '@keepr/db/verdict-channel'
import { systemActor } from '@keepr/shared/domain/actor'

/** The validator could not be had in time and the type says `hold`: the artifact stays where it is, and says so. */
export async function holdVerification(tx: Tx, run: OpenRun, hold: Hold): Promise<'settled' | 'stale'> {
  const name = { group_id: run.group_id, type: run.artifact_type, name: run.name }
  const [locked, held, artifact] = await Promise.all([
    lockName(tx, name, 1),
    holdRun(tx, run, hold),
    findArtifactOfRun(tx, run),
    finishRunMessages(tx, run.group_id, [run.id]),
  ])
  if (!locked || !held || !artifact) {
    await lockName(tx, name, -1)
    return 'stale'
  }
  await Promise.all([
    appendEvents(
      tx,
      { actor: systemActor('validation-worker'), traceparent: run.traceparent ?? undefined },
      locked.last_sequence,
      [{ artifact, event_type: 'verification_held', event_data: { run_id: run.id, reason: hold.reason } }],
    ),
    ...(run.awaited ? [announceVerdict(tx, run.id)] : []),
  ])
  return 'settled'
}
