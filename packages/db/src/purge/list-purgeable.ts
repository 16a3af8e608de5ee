import type postgres from 'postgres'

/** An artifact that can be purged, with what a purge would take from it. */
export type Purgeable = {
  id: string
  group_id: string
  type: string
  name: string
  version: string
  status: string
  content_hash: string
  purged_at: string | null
  /** Rows that hold its content: in use, and one for each stay in the archive. */
  copies: number
  answers: number
  events: number
  deliveries: number
}

export type PurgeChoice = {
  ids?: string[] | undefined
  coordinates?: { group: string; name: string; type?: string | undefined; version: string } | undefined
  contentHash?: string | undefined
}

/** What was chosen: by ids, by coordinates, or by a hash (whatever has exactly this content, in any group). */
export async function listPurgeable(sql: postgres.Sql, choice: PurgeChoice): Promise<Purgeable[]> {
  const { ids = [], coordinates: at, contentHash = null } = choice
  return await sql<Purgeable[]>`
    select known.id, known.group_id, known.type, known.name, known.version, known.status, known.content_hash,
           (select max(purged.created_at)::text from artifact_events purged
             where purged.group_id = known.group_id and purged.artifact_id = known.id and purged.event_type = 'purged') as purged_at,
           ((select count(*) from artifact_active a where a.group_id = known.group_id and a.id = known.id and a.purged_at is null)
          + (select count(*) from artifact_history h where h.group_id = known.group_id and h.original_id = known.id and h.purged_at is null))::int as copies,
           (select count(*)::int from idempotency_keys k where k.group_id = known.group_id and k.answer_status <> 410
              and (known.id = any (k.artifact_ids) or k.artifact_id = known.id)) as answers,
           (select count(*)::int from artifact_events e where e.group_id = known.group_id and e.artifact_id = known.id
              and e.event_data <> purged_event_data(e.event_type, e.event_data)) as events,
           (select count(*)::int from webhook_deliveries d join artifact_events e on e.id = d.event_id
             where e.group_id = known.group_id and e.artifact_id = known.id) as deliveries
      from (
        select distinct on (e.group_id, e.artifact_id) e.artifact_id as id, e.group_id, e.type, e.name, e.version,
               case e.event_type when 'discarded' then 'discarded' else e.status end as status, e.content_hash
          from artifact_events e
         where e.artifact_id = any (${ids}::uuid[])
            or (e.group_id = ${at?.group ?? null} and e.name = ${at?.name ?? null} and e.version = ${at?.version ?? null}
                and e.type = coalesce(${at?.type ?? null}, e.type))
            or e.content_hash = ${contentHash}
         order by e.group_id, e.artifact_id, e.sequence desc) known
     order by known.group_id, known.type, known.name, known.id`
}
