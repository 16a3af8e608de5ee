import type postgres from 'postgres'
import { type PageRow, pageRows } from '../page-rows.ts'
import type { Tx } from '../transaction.ts'
import { activeArtifacts, archivedArtifacts, type PresentedArtifact, presentArtifacts } from './present-artifact.ts'

export type VersionsQuestion = {
  /** The actor's own. */
  group_id: string
  /** Whose name it is: the same group's, or one that offers it to all. */
  owner: string
  type: string
  name: string
  /** The version that the page before ended with. */
  after: string | undefined
  limit: number
}

/**
 * A page of the versions of a name, each once wherever its row lies, highest first. As many rows are read as it has, three
 * times at most: releases and pre-releases of the history have parts of their own in its index. Its beginning stands in a
 * select of its own, as row-level security would have the rows read before a function in their condition.
 */
export function listVersions(tx: Tx, asked: VersionsQuestion): postgres.PendingQuery<PageRow<PresentedArtifact>[]> {
  const { group_id, owner, type, name, after, limit } = asked
  const below = after === undefined ? tx`` : tx`and version_sort < (select version_sort_key(${after}))`
  const ofName = tx`group_id = ${owner} and type = ${type} and name = ${name} ${below}`
  const first = (rows: postgres.PendingQuery<postgres.Row[]>) =>
    tx`(select * from (${rows}) part order by version_sort desc limit ${limit})`
  const rows = first(tx`
    ${first(activeArtifacts(tx, tx`${ofName} and (group_id = ${group_id} or (status = 'published' and usage_policy = 'public'))`))}
    union all ${first(archivedArtifacts(tx, tx`${ofName} and group_id = ${group_id} and not is_prerelease`))}
    union all ${first(archivedArtifacts(tx, tx`${ofName} and group_id = ${group_id} and is_prerelease`))}`)
  const ordered = tx`select * from (${presentArtifacts(tx, rows, false)}) v order by v.version_sort desc`
  const bytes = tx`octet_length(metadata::text) + coalesce(octet_length(run_findings::text), 0)`
  return pageRows<PresentedArtifact>(tx, ordered, { columns: tx`*`, bytes })
}
