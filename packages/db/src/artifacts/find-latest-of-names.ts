import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { artifactColumns } from './columns.ts'

/**
 * The latest published version of each of these names, one step down an index for each. What stands in selects of its own
 * keeps the planner from planning each call anew.
 */
export async function findLatestOfNames(
  tx: Tx,
  { group_id, type }: Pick<ArtifactRow, 'group_id' | 'type'>,
  names: readonly string[],
): Promise<ArtifactRow[]> {
  return await tx<ArtifactRow[]>`
    select ${artifactColumns(tx)}
      from unnest((select ${[...names]}::text[])) asked (of_name)
     cross join lateral (
       select * from artifact_active
        where group_id = (select ${group_id}::text) and type = (select ${type}::text) and name = asked.of_name
          and status = 'published'
        order by is_prerelease, version_sort desc limit 1) latest`
}
