import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'
import type { NameQuestion } from './find-version.ts'
import { activeArtifacts, type PresentedArtifact, presentArtifacts } from './present-artifact.ts'

/**
 * The latest published version of each type of a name: the group's own, else the public ones of each other group. One
 * index lookup per type, however many versions there are.
 */
export function findLatest(tx: Tx, asked: NameQuestion): postgres.PendingQuery<PresentedArtifact[]> {
  const { group_id, name, withContent } = asked
  const type = asked.type === undefined ? tx`` : tx`and type = ${asked.type}`
  const ofType = tx`group_id = ${group_id} and name = ${name} and type = names.type and status = 'published'`
  const rows = tx`
    select own.* from artifact_names names cross join lateral (
        select * from (${activeArtifacts(tx, ofType)}) one order by is_prerelease, version_sort desc limit 1) own
     where names.group_id = ${group_id} and names.name = ${name} ${asked.type === undefined ? tx`` : tx`and names.type = ${asked.type}`}
    union all
    select * from (
      select distinct on (group_id, type) * from (${activeArtifacts(
        tx,
        tx`${asked.foreign} and group_id <> ${group_id} and name = ${name} ${type}
           and status = 'published' and usage_policy = 'public'
           and not exists (select from artifact_names n where n.group_id = ${group_id} and n.name = ${name})`,
      )}) offered order by group_id, type, is_prerelease, version_sort desc) other`
  return presentArtifacts(tx, rows, withContent)
}
