import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'
import { activeArtifacts, archivedArtifacts, type PresentedArtifact, presentArtifacts } from './present-artifact.ts'

/** One artifact by its id: the group's own in any state, or another group's public one. */
export function findById(
  tx: Tx,
  { group_id, id, withContent }: { group_id: string; id: string; withContent: boolean },
): postgres.PendingQuery<PresentedArtifact[]> {
  const rows = tx`
    ${activeArtifacts(
      tx,
      tx`id = ${id} and (group_id = ${group_id} or (usage_policy = 'public' and status = 'published'))`,
    )}
    union all ${archivedArtifacts(tx, tx`group_id = ${group_id} and original_id = ${id}`)}`
  return presentArtifacts(tx, rows, withContent)
}
