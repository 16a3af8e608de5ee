import { randomUUIDv7 } from 'node:crypto'
import type { Tx } from '../transaction.ts'
import type { NewEvent } from './append-events.ts'

/** One event of a name, whose number was taken when the name was locked. */
export type NumberedEvent = NewEvent & { sequence: number; traceparent?: string | undefined }

/** Writes one event for each of many names of a group, each with its own message, in one statement whatever their number. */
export async function appendEventsOfMany(
  tx: Tx,
  { actor, group_id }: { actor: string; group_id: string },
  events: readonly NumberedEvent[],
): Promise<void> {
  const rows = events.map(({ artifact, event_type, event_data = {}, sequence, traceparent }) => ({
    id: randomUUIDv7(),
    message_id: randomUUIDv7(),
    artifact_id: artifact.id,
    type: artifact.type,
    name: artifact.name,
    version: artifact.version,
    sequence,
    event_type,
    event_data,
    status: artifact.status,
    usage_policy: artifact.usage_policy,
    content_hash: artifact.content_hash,
    created_by: artifact.created_by,
    was_published: artifact.published_at !== null,
    traceparent: traceparent ?? null,
  }))
  await tx`
    with given as (
      select * from jsonb_to_recordset(${tx.json(rows)}) as g (
        id uuid, message_id uuid, artifact_id uuid, type text, name text, version text, sequence bigint, event_type text,
        event_data jsonb, status text, usage_policy text, content_hash text, created_by text, was_published boolean,
        traceparent text)
    ), announced as (
      insert into outbox (id, kind, lane, group_id, refs, traceparent)
      select message_id, 'fan_out_events', 'events', ${group_id}, array[id], traceparent from given
    )
    insert into artifact_events (id, group_id, artifact_id, type, name, version, sequence, event_type, event_data, actor,
                                 status, usage_policy, content_hash, created_by, was_published)
    select id, ${group_id}, artifact_id, type, name, version, sequence, event_type, event_data, ${actor},
           status, usage_policy, content_hash, created_by, was_published
      from given`
}
