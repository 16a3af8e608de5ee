import { randomUUIDv7 } from 'node:crypto'
import { enqueueMessage } from '../outbox/enqueue-message.ts'
import type { ArtifactRow, EventType, JsonObject } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** The artifact as the event leaves it. */
export type EventSubject = Pick<
  ArtifactRow,
  | 'id'
  | 'group_id'
  | 'type'
  | 'name'
  | 'version'
  | 'status'
  | 'usage_policy'
  | 'content_hash'
  | 'created_by'
  | 'published_at'
>
/** `id` only where another event of the same change refers to it. */
export type NewEvent = { id?: string; artifact: EventSubject; event_type: EventType; event_data?: JsonObject }

/** Who caused it, in which request, in which trace. */
export type Cause = { actor: string; requestId?: string | undefined; traceparent?: string | undefined }

/**
 * Writes the events of one change of one name, numbered upwards to `lastSequence` (from lockName), and the message that
 * announces them to subscribers and to the feed.
 * @returns the ids of the events, in order
 */
export async function appendEvents(tx: Tx, cause: Cause, lastSequence: number, events: NewEvent[]): Promise<string[]> {
  const [first] = events
  if (!first) return []
  const rows = events.map(({ id = randomUUIDv7(), artifact, event_type, event_data = {} }, index) => ({
    id,
    group_id: artifact.group_id,
    artifact_id: artifact.id,
    type: artifact.type,
    name: artifact.name,
    version: artifact.version,
    sequence: lastSequence - events.length + 1 + index,
    event_type,
    event_data: tx.json(event_data),
    actor: cause.actor,
    request_id: cause.requestId ?? null,
    status: artifact.status,
    usage_policy: artifact.usage_policy,
    content_hash: artifact.content_hash,
    created_by: artifact.created_by,
    was_published: artifact.published_at !== null,
  }))
  const ids = rows.map((row) => row.id)
  await Promise.all([
    // prettier-ignore
    tx`insert into artifact_events ${tx(rows, 'id', 'group_id', 'artifact_id', 'type', 'name', 'version', 'sequence', 'event_type',
      'event_data', 'actor', 'request_id', 'status', 'usage_policy', 'content_hash', 'created_by', 'was_published')}`,
    enqueueMessage(tx, {
      kind: 'fan_out_events',
      lane: 'events',
      group_id: first.artifact.group_id,
      refs: ids,
      traceparent: cause.traceparent,
    }),
  ])
  return ids
}
