import type { Tx } from '../transaction.ts'

/** The artifact passed, or its grace has been acted on. */
export async function deleteGrace(tx: Tx, groupId: string, artifactId: string): Promise<void> {
  await tx`delete from recheck_graces where group_id = ${groupId} and artifact_id = ${artifactId}`
}
