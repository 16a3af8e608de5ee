import { randomUUIDv7 } from 'node:crypto'
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

/** The events of one change of one name, numbered upwards to `lastSequence` (from lockName or claimNames). */
export type Change = { cause: Cause; lastSequence: number; events: readonly NewEvent[] }

/** Writes the events of one change, and the messages that announce them to subscribers and to the feed. */
export const appendEvents = (tx: Tx, cause: Cause, lastSequence: number, events: readonly NewEvent[]): Promise<void> =>
  appendEventsOfMany(tx, [{ cause, lastSequence, events }])

/** The same for changes of many names, each with messages of its own, in one statement whatever their number. */
export async function appendEventsOfMany(tx: Tx, changes: readonly Change[]): Promise<void> {
  const rows = changes.flatMap(rowsOf)
  if (rows.length === 0) return
  await tx`
    with given_events as materialized (
      select * from jsonb_to_recordset(${tx.json(rows)}) as g (
        id uuid, message_id uuid, group_id text, artifact_id uuid, type text, name text, version text, sequence bigint,
        event_type text, event_data jsonb, actor text, request_id text, status text, usage_policy text, content_hash text,
        created_by text, was_published boolean, traceparent text)
    ), ${toldEvents(tx)}
    select 1`
}

/** What writes the events of `given_events` in a statement, with messages for each change: of one name in its order, which the feed keeps. */
export const toldEvents = (tx: Tx) => tx`
  announced_events as (
    insert into outbox (id, kind, lane, group_id, refs, traceparent)
    select message_id, 'fan_out_events', 'events', group_id, array_agg(id order by sequence), traceparent
      from given_events group by message_id, group_id, traceparent
     order by min(sequence)
  ), told_events as (
    insert into artifact_events (id, group_id, artifact_id, type, name, version, sequence, event_type, event_data, actor,
                                 request_id, status, usage_policy, content_hash, created_by, was_published)
    select id, group_id, artifact_id, type, name, version, sequence, event_type, event_data, actor, request_id,
           status, usage_policy, content_hash, created_by, was_published
      from given_events
  )`

/** One message tells of so many events: who fans them out takes a hundred messages at once. */
const OF_A_MESSAGE = 100

function rowsOf({ cause, lastSequence, events }: Change) {
  const messages = Array.from({ length: Math.ceil(events.length / OF_A_MESSAGE) }, () => randomUUIDv7())
  return events.map(({ id = randomUUIDv7(), artifact, event_type, event_data = {} }, index) => ({
    id,
    message_id: messages[Math.floor(index / OF_A_MESSAGE)],
    group_id: artifact.group_id,
    artifact_id: artifact.id,
    type: artifact.type,
    name: artifact.name,
    version: artifact.version,
    sequence: lastSequence - events.length + 1 + index,
    event_type,
    event_data,
    actor: cause.actor,
    request_id: cause.requestId ?? null,
    status: artifact.status,
    usage_policy: artifact.usage_policy,
    content_hash: artifact.content_hash,
    created_by: artifact.created_by,
    was_published: artifact.published_at !== null,
    traceparent: cause.traceparent ?? null,
  }))
}
