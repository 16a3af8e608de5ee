import { type DraftReplacement, replaceDraft } from '@keepr/db/artifacts/replace-draft'
import { appendEvents, type Cause } from '@keepr/db/events/append-events'
import { lockName } from '@keepr/db/names/lock-name'
import type { ArtifactRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { problem } from '@keepr/shared/problem'

/** Replaces content, metadata and policy of a draft in place. */
export async function editDraft(
  tx: Tx,
  artifact: ArtifactRow,
  draft: DraftReplacement,
  cause: Cause,
): Promise<ArtifactRow> {
  const name = await lockName(tx, artifact, 1)
  const edited = await replaceDraft(tx, artifact, draft)
  if (!edited || !name) throw problem('wrong-status', { detail: 'Only a draft can be edited.' })
  await appendEvents(tx, cause, name.last_sequence, [{ artifact: edited, event_type: 'draft_updated' }])
  return edited
}
