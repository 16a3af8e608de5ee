import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'
import { activeArtifacts, archivedArtifacts, type PresentedArtifact, presentArtifacts } from './present-artifact.ts'

/** Artifacts of a group by their ids, wherever their rows lie, without content and in no order. */
export function listByIds(
  tx: Tx,
  { group_id, ids }: { group_id: string; ids: readonly string[] },
): postgres.PendingQuery<PresentedArtifact[]> {
  const rows = tx`
    ${activeArtifacts(tx, tx`group_id = ${group_id} and id in (select unnest(${[...ids]}::uuid[]))`)}
    union all ${archivedArtifacts(tx, tx`group_id = ${group_id} and original_id in (select unnest(${[...ids]}::uuid[]))`)}`
  return presentArtifacts(tx, rows, false)
}
