import { randomUUIDv7 } from 'node:crypto'
import type { ArchiveReason } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/**
 * Moves published artifacts of a group from artifact_active to artifact_history: a full copy, then the original goes
 * (the database refuses to delete one that has no copy). The caller holds the lock on the name.
 */
export async function moveToHistory(
  tx: Tx,
  groupId: string,
  artifactIds: string[],
  move: { reason: ArchiveReason; by: string },
): Promise<void> {
  if (artifactIds.length === 0) return
  const rowIds = artifactIds.map(() => randomUUIDv7())
  await tx`
    insert into artifact_history (
      id, original_id, group_id, type, name, version, usage_policy, created_by, content_kind, content_type, content_size,
      content_hash, content, json_content, metadata, validation_run_id, blocked_reason, duplicate_of, revision, created_at,
      updated_at, published_at, last_accessed_at, purged_at, archived_by, archive_reason)
    select moved.row_id, a.id, a.group_id, a.type, a.name, a.version, a.usage_policy, a.created_by, a.content_kind,
           a.content_type, a.content_size, a.content_hash, a.content, a.json_content, a.metadata, a.validation_run_id,
           a.blocked_reason, a.duplicate_of, a.revision + 1, a.created_at, now(), a.published_at, a.last_accessed_at,
           a.purged_at, ${move.by}, ${move.reason}
      from artifact_active a
      join unnest(${artifactIds}::uuid[], ${rowIds}::uuid[]) as moved (id, row_id) on moved.id = a.id
     where a.group_id = ${groupId} and a.status = 'published'`
  await tx`
    delete from artifact_active
     where group_id = ${groupId} and id = any (${artifactIds}::uuid[]) and status = 'published'`
}
