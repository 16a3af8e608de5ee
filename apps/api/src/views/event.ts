import type { EventRow } from '@keepr/db/rows'

/** An event as it is told; never content. */
export const viewEvent = (event: EventRow) => ({
  id: event.id,
  artifact_id: event.artifact_id,
  name: event.name,
  type: event.type,
  version: event.version,
  sequence: event.sequence,
  event_type: event.event_type,
  event_data: event.event_data,
  actor: event.actor,
  request_id: event.request_id,
  created_at: event.created_at,
})
