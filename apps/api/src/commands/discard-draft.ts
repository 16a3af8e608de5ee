import { deleteDrafts } from '@keepr/db/artifacts/delete-drafts'
import { appendEvents, type Cause } from '@keepr/db/events/append-events'
import { lockName } from '@keepr/db/names/lock-name'
import type { ArtifactRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { problem } from '@keepr/shared/problem'

/** Deletes a draft; its version can be used again. */
export async function discardDraft(tx: Tx, artifact: ArtifactRow, cause: Cause): Promise<void> {
  const name = await lockName(tx, artifact, 1)
  const [discarded] = await deleteDrafts(tx, artifact.group_id, [artifact.id])
  if (!discarded || !name) throw problem('wrong-status', { detail: 'Only a draft can be discarded.' })
  await appendEvents(tx, cause, name.last_sequence, [{ artifact: discarded, event_type: 'discarded' }])
}
