import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/**
 * Gives an artifact the policy `restricted`. It is a step of its own because the caller may lose sight of it by that.
 * @returns the row as it is now, which may be the last that the caller sees of it
 */
export async function restrictArtifact(tx: Tx, artifact: ArtifactRow): Promise<ArtifactRow> {
  await tx`select restrict_artifact(${artifact.id})`
  return { ...artifact, usage_policy: 'restricted' }
}
