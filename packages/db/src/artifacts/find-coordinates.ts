import type { Tx } from '../transaction.ts'

/** The name that an artifact belongs to, wherever its row is now. */
export async function findCoordinates(
  tx: Tx,
  groupId: string,
  artifactId: string,
): Promise<{ group_id: string; type: string; name: string; version: string } | undefined> {
  const [found] = await tx<{ group_id: string; type: string; name: string; version: string }[]>`
    select group_id, type, name, version from artifact_versions
     where group_id = ${groupId} and artifact_id = ${artifactId}`
  return found
}
