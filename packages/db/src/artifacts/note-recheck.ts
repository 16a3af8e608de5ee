import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { artifactColumns } from './columns.ts'
import { hasContent } from './has-content.ts'

/** Makes a re-validation's run the current one of an artifact that is still published with the content it judged. */
export async function noteRecheck(
  tx: Tx,
  run: { id: string; group_id: string; artifact_id: string; content_hash: string },
): Promise<ArtifactRow | undefined> {
  const [artifact] = await tx<ArtifactRow[]>`
    update artifact_active
       set validation_run_id = ${run.id}, revision = revision + 1
     where id = ${run.artifact_id} and group_id = ${run.group_id} and status = 'published'
       and ${hasContent(tx, tx`${run.content_hash}`)}
    returning ${artifactColumns(tx)}`
  return artifact
}
