import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'
import { activeArtifacts, archivedArtifacts, type PresentedArtifact, presentArtifacts } from './present-artifact.ts'

export type NameQuestion = {
  group_id: string
  name: string
  type?: string | undefined
  /** Whether a name that the group never used may be another group's public one. */
  foreign: boolean
  withContent: boolean
}

/**
 * The artifacts that a name and version may mean: the group's own of each type, else the public ones of others. With its type
 * (its name's, where none is given) a version is one step down an index, however many there are of the name.
 */
export function findVersion(
  tx: Tx,
  asked: NameQuestion & { version: string },
): postgres.PendingQuery<PresentedArtifact[]> {
  const { group_id, name, version, withContent } = asked
  const type = asked.type === undefined ? tx`` : tx`and type = ${asked.type}`
  const ofType = tx`group_id = ${group_id} and type = names.type and name = ${name} and version = ${version}`
  const rows = tx`
    select own.* from artifact_names names cross join lateral (
        ${activeArtifacts(tx, ofType)}
        union all ${archivedArtifacts(tx, ofType)} offset 0) own
     where names.group_id = ${group_id} and names.name = ${name} ${asked.type === undefined ? tx`` : tx`and names.type = ${asked.type}`}
    union all ${activeArtifacts(
      tx,
      tx`${asked.foreign} and group_id <> ${group_id} and name = ${name} and version = ${version} ${type}
         and status = 'published' and usage_policy = 'public'
         and not exists (select from artifact_names n where n.group_id = ${group_id} and n.name = ${name})`,
    )}`
  return presentArtifacts(tx, rows, withContent)
}
