import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { artifactColumns } from './columns.ts'

/** Deletes a draft and gives its version back; undefined when it is no draft any more. */
export async function deleteDraft(
  tx: Tx,
  { group_id, id }: Pick<ArtifactRow, 'group_id' | 'id'>,
): Promise<ArtifactRow | undefined> {
  const [row] = await tx<ArtifactRow[]>`
    delete from artifact_active where id = ${id} and group_id = ${group_id} and status = 'draft'
    returning ${artifactColumns(tx)}`
  if (row) await tx`delete from artifact_versions where artifact_id = ${id} and group_id = ${group_id}`
  return row
}
