import { findDuplicates } from '@keepr/db/artifacts/find-duplicates'
import { type DraftReplacement, replaceDraft } from '@keepr/db/artifacts/replace-draft'
import { restrictArtifact } from '@keepr/db/artifacts/restrict-artifact'
import { appendEvents, type Cause } from '@keepr/db/events/append-events'
import { lockName } from '@keepr/db/names/lock-name'
import type { ArtifactRow, JsonObject } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { canonicalBytes } from '@keepr/shared/domain/content-hash'
import { problem } from '@keepr/shared/problem'

/** Replaces content, metadata and policy of a draft in place. */
export async function editDraft(
  tx: Tx,
  artifact: ArtifactRow,
  draft: Omit<DraftReplacement, 'duplicate_of'>,
  cause: Cause,
): Promise<ArtifactRow> {
  const name = await lockName(tx, artifact, 1)
  const restricts = draft.usage_policy === 'restricted' && artifact.usage_policy !== 'restricted'
  const { group_id, type, id } = artifact
  const { content_hash } = draft
  const [duplicate] = await findDuplicates(tx, { group_id, type }, [{ name: artifact.name, id, content_hash }])
  const usage_policy = restricts ? artifact.usage_policy : draft.usage_policy
  const replaced = await replaceDraft(tx, artifact, { ...draft, usage_policy, duplicate_of: duplicate?.id ?? null })
  if (!replaced || !name) throw problem('wrong-status', { detail: 'Only a draft can be edited.' })
  const edited = restricts ? await restrictArtifact(tx, replaced) : replaced
  await appendEvents(tx, cause, name.last_sequence, [
    { artifact: edited, event_type: 'draft_updated', event_data: changesOf(artifact, edited) },
  ])
  return edited
}

/** What an edit left different, before and after; of content only its hash. */
function changesOf(before: ArtifactRow, after: ArtifactRow): JsonObject {
  const noted = ['content_hash', 'metadata', 'usage_policy'] as const
  const changed = noted.filter((key) => !canonicalBytes(before[key]).equals(canonicalBytes(after[key])))
  return Object.fromEntries(changed.map((key) => [key, { before: before[key], after: after[key] }]))
}
