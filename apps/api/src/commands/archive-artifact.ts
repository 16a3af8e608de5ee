import { appendEvents, type Cause } from '@keepr/db/events/append-events'
import { moveToHistory } from '@keepr/db/history/move-to-history'
import { lockName } from '@keepr/db/names/lock-name'
import type { ArtifactRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { problem } from '@keepr/shared/problem'

/** Moves one published version to the history by hand. */
export async function archiveArtifact(tx: Tx, artifact: ArtifactRow, cause: Cause): Promise<ArtifactRow> {
  const name = await lockName(tx, artifact, 1)
  const move = { by: cause.actor, reason: 'archived' as const }
  const [archived] = await moveToHistory(tx, artifact.group_id, [artifact.id], move)
  if (!archived || !name) throw problem('wrong-status', { detail: 'Only a published version is archived.' })
  await appendEvents(tx, cause, name.last_sequence, [
    { artifact: archived, event_type: 'archived', event_data: { reason: 'archived' } },
  ])
  return archived
}
