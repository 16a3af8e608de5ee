import type { Interval } from '@keepr/shared/domain/version-range'
import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'
import { activeArtifacts, type PresentedArtifact, presentArtifacts } from './present-artifact.ts'

export type IntervalQuestion = {
  /** The actor's own. */
  group_id: string
  /** Whose artifact it is: the same group, or one that offers it to all. */
  owner: string
  name: string
  type: string
  /** Of the kind of versions that the name has. */
  intervals: readonly Interval[]
  withContent: boolean
}

/**
 * The highest published version of a name within any of the intervals: one step down an index for each of them. Their ends are
 * worked out first (offset 0): as part of the condition, row-level security would have it read every version.
 */
export function findHighestWithin(tx: Tx, asked: IntervalQuestion): postgres.PendingQuery<PresentedArtifact[]> {
  const { group_id, owner, name, type, intervals, withContent } = asked
  const within = tx`
    group_id = ${owner} and (group_id = ${group_id} or usage_policy = 'public')
    and name = ${name} and type = ${type} and status = 'published' and is_prerelease = prerelease
    and version_sort >= lowest and version_sort < beyond`
  const rows = tx`
    select one.* from (
      select prerelease, ${place(tx, tx`"from"`)} as lowest, coalesce(${place(tx, tx`"to"`)}, '\\xff') as beyond
        from jsonb_to_recordset(${tx.json([...intervals])}) as interval (prerelease boolean, "from" jsonb, "to" jsonb) offset 0) interval
    cross join lateral (select * from (${activeArtifacts(tx, within)}) one order by version_sort desc limit 1) one
    order by version_sort desc limit 1`
  return presentArtifacts(tx, rows, withContent)
}

/** Where a bound stands among the keys that versions are sorted by; right behind a key is what it begins. */
const place = (tx: Tx, bound: postgres.PendingQuery<postgres.Row[]>) => tx`
  version_sort_key(${bound} ->> 'version') || case when (${bound} ->> 'behind')::boolean then '\\x00'::bytea else ''::bytea end`
