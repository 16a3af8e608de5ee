import { artifactColumns } from '../artifacts/columns.ts'
import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { lastAccess } from './last-access.ts'
import { movedColumns } from './moved-columns.ts'

/** Copies an archived artifact back, published under its old id, and notes it in the history. Under the lock of its name. */
export async function restoreFromHistory(
  tx: Tx,
  { group_id, id }: Pick<ArtifactRow, 'group_id' | 'id'>,
): Promise<ArtifactRow | undefined> {
  const [row] = await tx<ArtifactRow[]>`
    insert into artifact_active (id, status, revision, updated_at, last_accessed_at, ${movedColumns(tx)})
    select original_id, 'published', revision + 1, now(), ${lastAccess(tx)}, ${movedColumns(tx)}
      from artifact_history
     where original_id = ${id} and group_id = ${group_id} and restored_at is null
    returning ${artifactColumns(tx)}`
  if (!row) return undefined
  await tx`
    update artifact_history set restored_at = now()
     where original_id = ${id} and group_id = ${group_id} and restored_at is null`
  return row
}
