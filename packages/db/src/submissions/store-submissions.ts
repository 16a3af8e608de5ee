import { randomUUIDv7 } from 'node:crypto'
import { artifactColumns } from '../artifacts/columns.ts'
import { postgres } from '../driver/postgres.ts'
import { type Cause, toldEvents } from '../events/append-events.ts'
import type { ArtifactRow, JsonObject, LeasedMessage, Timestamp } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { messageOf, openedRuns } from '../validation-runs/insert-runs.ts'

export type NewSubmission = Pick<
  ArtifactRow,
  | 'id' | 'group_id' | 'type' | 'name' | 'version' | 'status' | 'usage_policy' | 'created_by' | 'content_kind'
  | 'content_type' | 'content_size' | 'content_hash' | 'duplicate_of'
> & {
  content: Uint8Array
  metadata: JsonObject
  cause: Cause
  /** The last number of its name's sequence that was taken for it. */
  lastSequence: number
  /** None for a draft. */
  run: { id: string; requires_validation: boolean; deadlineMs: number; awaited: boolean } | undefined
} // prettier-ignore

export type StoredSubmission = ArtifactRow & {
  run_deadline: Timestamp | null
  /** The message of its run, if it was written leased: to be handed to the queue as soon as it is committed. */
  leased: LeasedMessage | undefined
}

/**
 * Writes new versions with all that belongs to them, in one statement, as what several have to start and to end with costs more than
 * their rows: the entry of the ledger, the artifact, its run with its message, its events with theirs. JSON is stored twice: as bytes
 * and as JSONB. All content goes as one run of bytes, each row knowing where its own begins, and comes last: the driver's buffer
 * grows once for it. With `leaseMs` the message of the first run is leased to whoever writes it (openedRuns).
 * @returns them in any order. Where a version was used before, in whatever state, nothing is written (isVersionUsed)
 */
export async function storeSubmissions(
  tx: Tx,
  submissions: readonly NewSubmission[],
  { leaseMs }: { leaseMs: number | undefined },
): Promise<StoredSubmission[]> {
  const rows = placed(submissions, leaseMs)
  const stored = await tx<(ArtifactRow & { run_deadline: Timestamp | null; leased: boolean | null })[]>`
    with given as materialized (
      select g.*, bytes
        from jsonb_to_recordset(${tx.json(rows)}) as g (
          id uuid, group_id text, type text, name text, version text, status text, usage_policy text, created_by text,
          content_kind text, content_type text, content_size bigint, content_hash text, duplicate_of uuid, metadata jsonb,
          content_begin integer, run_id uuid, run_message_id uuid, requires_validation boolean, "deadlineMs" bigint,
          awaited boolean, lease_ms float8, created_id uuid, submitted_id uuid, event_message_id uuid, last_sequence bigint,
          actor text, request_id text, traceparent text)
       cross join lateral substring(${bytesOf(submissions)}::bytea from content_begin for content_size::integer) bytes
    ), taken as (
      insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
      select group_id, type, name, version, id, created_by, content_hash, status, usage_policy, status <> 'draft' from given
    ), given_runs as (
      select run_id as id, group_id, id as artifact_id, type as artifact_type, content_hash, 'submission' as kind,
             requires_validation, "deadlineMs", awaited, null::uuid as recheck_id, false as simulate, traceparent,
             run_message_id as message_id, lease_ms
        from given where run_id is not null
    ), ${openedRuns(tx)}, given_events as (
      select event.id, event_message_id as message_id, group_id, given.id as artifact_id, type, name, version,
             last_sequence - event.before_last as sequence, event_type, '{}'::jsonb as event_data, actor, request_id, status,
             usage_policy, content_hash, created_by, false as was_published, traceparent
        from given
       cross join lateral (values (created_id, 'created', (submitted_id is not null)::int), (submitted_id, 'submitted', 0)) as event (
         id, event_type, before_last)
       where event.id is not null
    ), ${toldEvents(tx)}, stored as (
      insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind,
                                   content_type, content_size, content_hash, json_content, metadata, validation_run_id,
                                   duplicate_of, content)
      select id, group_id, type, name, version, status, usage_policy, created_by, content_kind, content_type, content_size,
             content_hash, case when content_kind = 'json' then convert_from(bytes, 'UTF8')::jsonb end, metadata, run_id,
             duplicate_of, bytes
        from given
      returning ${artifactColumns(tx)}
    )
    select stored.*, opened_runs.deadline as run_deadline, announced_runs.leased
      from stored
      left join opened_runs on opened_runs.id = stored.validation_run_id
      left join announced_runs on announced_runs.run_id = stored.validation_run_id`
  const given = new Map(rows.map((row) => [row.id, row]))
  return stored.map(({ leased, ...artifact }) => {
    const row = given.get(artifact.id)
    const message =
      leased && row?.run_id && row.run_message_id
        ? messageOf({
            id: row.run_id,
            artifact_type: row.type,
            group_id: row.group_id,
            traceparent: row.traceparent,
            message_id: row.run_message_id,
          })
        : undefined
    return { ...artifact, leased: message }
  })
}

function placed(submissions: readonly NewSubmission[], leaseMs: number | undefined) {
  let begin = 1 // PostgreSQL counts from one
  let leases = leaseMs
  return submissions.map(({ content, cause, lastSequence, run, ...artifact }) => {
    const row = {
      ...artifact,
      content_begin: begin,
      ...(run && {
        run_id: run.id,
        run_message_id: randomUUIDv7(),
        requires_validation: run.requires_validation,
        deadlineMs: run.deadlineMs,
        awaited: run.awaited,
        lease_ms: leases,
        submitted_id: randomUUIDv7(),
      }),
      created_id: randomUUIDv7(),
      event_message_id: randomUUIDv7(),
      last_sequence: lastSequence,
      actor: cause.actor,
      request_id: cause.requestId,
      traceparent: cause.traceparent,
    }
    begin += content.byteLength
    if (run) leases = undefined
    return row
  })
}

const bytesOf = (submissions: readonly NewSubmission[]): Uint8Array => {
  const [first, ...others] = submissions
  return first && others.length === 0 ? first.content : Buffer.concat(submissions.map(({ content }) => content))
}

const OF_A_VERSION = new Set(['artifact_versions_pkey', 'artifact_active_coordinates'])

/** Whether an error is that of a version that somebody took who did not lock its name. */
export const isVersionUsed = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && OF_A_VERSION.has(error.constraint_name ?? '')
