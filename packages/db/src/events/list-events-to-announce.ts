import type { EventRow, JsonObject } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { metadataOfEvent } from './metadata-of-event.ts'

export type EventToAnnounce = EventRow & { metadata: JsonObject }

/** Events by id, in their order, with what subscribers are told of the artifact. */
export async function listEventsToAnnounce(
  tx: Tx,
  groupId: string,
  ids: readonly string[],
): Promise<EventToAnnounce[]> {
  return await tx<EventToAnnounce[]>`
    select e.id, e.group_id, e.artifact_id, e.type, e.name, e.version, e.sequence, e.event_type, e.event_data, e.actor,
           e.request_id, e.status, e.usage_policy, e.content_hash, e.created_by, e.was_published, e.created_at,
           ${metadataOfEvent(tx)} as metadata
      from artifact_events e
     where e.group_id = ${groupId} and e.id = any (${[...ids]}::uuid[])
     order by e.sequence`
}
