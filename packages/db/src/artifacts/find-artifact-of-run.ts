import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { artifactColumns } from './columns.ts'
import { isOnVerification } from './is-on-verification.ts'

/** The artifact that waits for exactly this run. */
export async function findArtifactOfRun(
  tx: Tx,
  run: { id: string; group_id: string; artifact_id: string },
): Promise<ArtifactRow | undefined> {
  const [artifact] = await tx<ArtifactRow[]>`
    select ${artifactColumns(tx)}
      from artifact_active
     where id = ${run.artifact_id} and group_id = ${run.group_id}
       and validation_run_id = ${run.id} and ${isOnVerification(tx)}`
  return artifact
}
