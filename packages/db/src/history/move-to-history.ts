import { randomUUIDv7 } from 'node:crypto'
import { artifactColumns } from '../artifacts/columns.ts'
import type { ArchiveReason, ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { movedColumns } from './moved-columns.ts'

type ArchivedRow = ArtifactRow & { original_id: string }

/** A statement moves so many: a rollback over thousands of versions would take longer than one may. */
const AT_ONCE = 500

type Move = { reason: ArchiveReason; by: string }

/**
 * Moves published artifacts of a group from artifact_active to artifact_history: a full copy, then the original goes
 * (the database refuses to delete one that has no copy). The caller holds the lock on the name.
 * @returns the rows as they are in the history, in the order of the ids; one that is not published any more is left out
 */
export async function moveToHistory(
  tx: Tx,
  groupId: string,
  artifactIds: string[],
  move: Move,
): Promise<ArtifactRow[]> {
  const moved: ArtifactRow[] = []
  for (let first = 0; first < artifactIds.length; first += AT_ONCE)
    moved.push(...(await moveSome(tx, groupId, artifactIds.slice(first, first + AT_ONCE), move)))
  return moved
}

async function moveSome(tx: Tx, groupId: string, artifactIds: string[], move: Move): Promise<ArtifactRow[]> {
  const rowIds = artifactIds.map(() => randomUUIDv7())
  const archived = await tx<ArchivedRow[]>`
    insert into artifact_history (id, original_id, archived_by, archive_reason, revision, updated_at, last_accessed_at, ${movedColumns(tx)})
    select moved.row_id, a.id, ${move.by}, ${move.reason}, a.revision + 1, now(), a.last_accessed_at, ${movedColumns(tx)}
      from artifact_active a
      join unnest(${artifactIds}::uuid[], ${rowIds}::uuid[]) as moved (active_id, row_id) on moved.active_id = a.id
     where a.group_id = ${groupId} and a.status = 'published'
    returning ${artifactColumns(tx)}, original_id`
  await tx`
    delete from artifact_active a using unnest(${artifactIds}::uuid[]) as moved (active_id)
     where a.group_id = ${groupId} and a.id = moved.active_id and a.status = 'published'`
  const byId = new Map(archived.map(({ original_id, ...row }) => [original_id, { ...row, id: original_id }]))
  return artifactIds.flatMap((id) => byId.get(id) ?? [])
}
