import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { artifactColumns } from './columns.ts'

/**
 * The published versions of a name beyond `maxPublished`, lowest by precedence, never the latest nor the one that was
 * just published.
 */
export async function listSuperseded(
  tx: Tx,
  published: Pick<ArtifactRow, 'id' | 'group_id' | 'type' | 'name'>,
  maxPublished: number,
): Promise<ArtifactRow[]> {
  return await tx<ArtifactRow[]>`
    with standing as (
      select id, version_sort,
             count(*) over () as published,
             row_number() over (order by is_prerelease, version_sort desc) as rank
        from artifact_active
       where group_id = ${published.group_id} and name = ${published.name} and type = ${published.type}
         and status = 'published'
    ), surplus as (
      select id, row_number() over (order by version_sort) as place, published - ${maxPublished}::int as too_many
        from standing
       where rank > 1 and id <> ${published.id}
    )
    select ${artifactColumns(tx)}
      from artifact_active
     where group_id = ${published.group_id} and id in (select id from surplus where place <= too_many)
     order by version_sort
       for update`
}
