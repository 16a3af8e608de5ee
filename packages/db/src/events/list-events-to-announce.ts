import type { EventRow, JsonObject } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { eventColumns } from './columns.ts'
import { metadataOfEvent } from './metadata-of-event.ts'

export type EventToAnnounce = EventRow & { metadata: JsonObject }

/** What somebody may want to hear of; `types` left out: of all. */
export type Wanted = { eventTypes: readonly string[]; types: readonly string[] | undefined }

/** Those of the events that are wanted, in their order, with what subscribers are told of the artifact. */
export async function listEventsToAnnounce(
  tx: Tx,
  groupId: string,
  ids: readonly string[],
  { eventTypes, types }: Wanted,
): Promise<EventToAnnounce[]> {
  return await tx<EventToAnnounce[]>`
    select ${eventColumns(tx)}, e.event_data, ${metadataOfEvent(tx)} as metadata
      from artifact_events e
     where e.group_id = ${groupId} and e.id = any (${[...ids]}::uuid[])
       and e.event_type = any (${[...eventTypes]}::text[]) and (${types === undefined} or e.type = any (${[...(types ?? [])]}::text[]))
     order by e.sequence`
}
