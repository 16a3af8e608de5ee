import type { Name } from '../names/lock-name.ts'
import type { Tx } from '../transaction.ts'

/**
 * Which published versions of a name a publication pushes into the history, where its type keeps `maxPublished` of them: those
 * beyond that number, lowest by precedence first, never the latest nor the one just published, nor what was published since,
 * which its own publication looks after. `limit` of them at most, and no more are read than that and what is kept.
 */
export async function listSuperseded(
  tx: Tx,
  { id, group_id, type, name }: Name & { id: string },
  { maxPublished, limit }: { maxPublished: number; limit: number },
): Promise<string[]> {
  const published = tx`group_id = ${group_id} and name = ${name} and type = ${type} and status = 'published'`
  const rows = await tx<{ id: string }[]>`
    select id
      from (select id, version_sort, published_at from artifact_active
             where ${published} and id <> ${id}
               and id <> (select id from artifact_active where ${published} order by is_prerelease, version_sort desc limit 1)
             order by version_sort
             limit (select greatest(count(*) - ${maxPublished}, 0)
                      from (select from artifact_active where ${published} limit ${maxPublished}::int + ${limit}::int) counted)) beyond
     where published_at <= (select published_at from artifact_active where id = ${id} and group_id = ${group_id})
     order by version_sort limit ${limit}`
  return rows.map((row) => row.id)
}
