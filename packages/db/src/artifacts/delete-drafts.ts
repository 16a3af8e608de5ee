import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { artifactColumns } from './columns.ts'

/** Deletes drafts of a group and gives their versions back. @returns them, less what is no draft any more */
export async function deleteDrafts(tx: Tx, group_id: string, ids: readonly string[]): Promise<ArtifactRow[]> {
  const deleted = await tx<ArtifactRow[]>`
    delete from artifact_active where id = any (${[...ids]}::uuid[]) and group_id = ${group_id} and status = 'draft'
    returning ${artifactColumns(tx)}`
  const gone = deleted.map(({ id }) => id)
  await tx`delete from artifact_versions where artifact_id = any (${gone}::uuid[]) and group_id = ${group_id}`
  return deleted
}
