import type postgres from 'postgres'
import type { Purgeable } from './list-purgeable.ts'

export type EqualContent = Pick<Purgeable, 'id' | 'group_id' | 'type' | 'name' | 'version' | 'status'>

/** Other versions, of any group, that have the content of the chosen ones and keep it: a purge of one leaves them. */
export async function listEqualContent(sql: postgres.Sql, chosen: readonly Purgeable[]): Promise<EqualContent[]> {
  return await sql<EqualContent[]>`
    select place.id, place.group_id, place.type, place.name, place.version, place.status
      from (select id, group_id, type, name, version, status, content_hash, purged_at from artifact_active
            union all
            select original_id, group_id, type, name, version, status, content_hash, purged_at from artifact_history where restored_at is null) place
     where place.content_hash = any (${chosen.map(({ content_hash }) => content_hash)}::text[]) and place.purged_at is null
       and place.id <> all (${chosen.map(({ id }) => id)}::uuid[])
     order by place.group_id, place.type, place.name, place.id`
}
