import { restrictArtifact } from '@keepr/db/artifacts/restrict-artifact'
import { updateMetadata } from '@keepr/db/artifacts/update-metadata'
import { appendEvents, type Cause, type NewEvent } from '@keepr/db/events/append-events'
import { lockName } from '@keepr/db/names/lock-name'
import type { ArtifactRow, JsonObject, UsagePolicy } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { canonicalBytes } from '@keepr/shared/domain/content-hash'
import { problem } from '@keepr/shared/problem'

export type NewNotes = { metadata: JsonObject; usage_policy: UsagePolicy }

/** Writes metadata and policy, and what they were before to the events; nothing new leaves everything as it is. */
export async function patchMetadata(tx: Tx, before: ArtifactRow, after: NewNotes, cause: Cause): Promise<ArtifactRow> {
  const metadataChanges = !canonicalBytes(before.metadata).equals(canonicalBytes(after.metadata))
  const policyChanges = before.usage_policy !== after.usage_policy
  const count = Number(metadataChanges) + Number(policyChanges)
  if (count === 0) return before
  const name = await lockName(tx, before, count)
  const restricts = policyChanges && after.usage_policy === 'restricted'
  const updated = await updateMetadata(tx, before, restricts ? { ...after, usage_policy: before.usage_policy } : after)
  if (!updated || !name)
    throw problem('wrong-status', { detail: 'Metadata of a version on verification or archived does not change.' })
  const artifact = restricts ? await restrictArtifact(tx, updated) : updated
  const events: NewEvent[] = []
  if (metadataChanges)
    events.push({
      artifact,
      event_type: 'metadata_updated',
      event_data: { before: before.metadata, after: after.metadata },
    })
  if (policyChanges)
    events.push({
      artifact,
      event_type: 'policy_updated',
      event_data: { before: before.usage_policy, after: after.usage_policy },
    })
  await appendEvents(tx, cause, name.last_sequence, events)
  return artifact
}
