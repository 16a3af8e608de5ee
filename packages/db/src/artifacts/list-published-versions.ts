import type { Name } from '../names/lock-name.ts'
import type { Tx } from '../transaction.ts'

/** The published versions of a name, the one that was published last first. Under its lock none can come or go. */
export async function listPublishedVersions(
  tx: Tx,
  { group_id, type, name }: Name,
): Promise<{ id: string; version: string }[]> {
  return await tx<{ id: string; version: string }[]>`
    select id, version from artifact_active
     where group_id = ${group_id} and name = ${name} and type = ${type} and status = 'published'
     order by published_at desc`
}
