import { appendEvents, type Cause } from '@keepr/db/events/append-events'
import { restoreFromHistory } from '@keepr/db/history/restore-from-history'
import { lockName } from '@keepr/db/names/lock-name'
import type { ArtifactRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { problem } from '@keepr/shared/problem'
import { requireRestorable } from './require-restorable.ts'

/** Brings an archived version back as published, if its newest verdict is a pass for exactly its content. */
export async function restoreArtifact(tx: Tx, artifact: ArtifactRow, cause: Cause): Promise<ArtifactRow> {
  const name = await lockName(tx, artifact, 1)
  if (artifact.status !== 'archived' || !name) {
    throw problem('wrong-status', { detail: 'Only an archived version is restored.' })
  }
  await requireRestorable(tx, artifact)
  const restored = await restoreFromHistory(tx, artifact)
  if (!restored) throw problem('wrong-status', { detail: 'It was restored in the meantime.' })
  await appendEvents(tx, cause, name.last_sequence, [{ artifact: restored, event_type: 'restored' }])
  return restored
}
