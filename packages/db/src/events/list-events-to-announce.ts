import type { EventRow, JsonObject } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type AnnouncedEvent = EventRow & { metadata: JsonObject }

/** Events by id, in their order, with the artifact's metadata as it is now (a discarded draft has none any more). */
export async function listEventsToAnnounce(tx: Tx, groupId: string, ids: readonly string[]): Promise<AnnouncedEvent[]> {
  return await tx<AnnouncedEvent[]>`
    select e.*, coalesce(
             (select a.metadata from artifact_active a where a.id = e.artifact_id and a.group_id = e.group_id),
             (select h.metadata from artifact_history h
               where h.original_id = e.artifact_id and h.group_id = e.group_id and h.restored_at is null),
             '{}'::jsonb) as metadata
      from artifact_events e
     where e.group_id = ${groupId} and e.id = any (${[...ids]}::uuid[])
     order by e.sequence`
}
