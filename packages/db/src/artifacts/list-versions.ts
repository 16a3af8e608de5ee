import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'
import type { NameQuestion } from './find-version.ts'
import { activeArtifacts, archivedArtifacts, type PresentedArtifact, presentArtifacts } from './present-artifact.ts'

/** All versions of a name, each once wherever its row lies, highest first. */
export function listVersions(
  tx: Tx,
  asked: Omit<NameQuestion, 'withContent'>,
): postgres.PendingQuery<PresentedArtifact[]> {
  const { group_id, name } = asked
  const type = asked.type === undefined ? tx`` : tx`and type = ${asked.type}`
  const own = tx`group_id = ${group_id} and name = ${name} ${type}`
  const rows = tx`
    ${activeArtifacts(tx, own)}
    union all ${archivedArtifacts(tx, own)}
    union all ${activeArtifacts(
      tx,
      tx`${asked.foreign} and group_id <> ${group_id} and name = ${name} ${type}
         and status = 'published' and usage_policy = 'public'
         and not exists (select from artifact_names n where n.group_id = ${group_id} and n.name = ${name})`,
    )}`
  return tx<
    PresentedArtifact[]
  >`select * from (${presentArtifacts(tx, rows, false)}) v order by v.version_sort desc, v.type`
}
