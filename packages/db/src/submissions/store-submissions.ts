import { randomUUIDv7 } from 'node:crypto'
import type { Bump, Versioning } from '@keepr/shared/domain/version'
import { artifactColumns } from '../artifacts/columns.ts'
import type { PresentedArtifact } from '../artifacts/present-artifact.ts'
import { postgres } from '../driver/postgres.ts'
import { type Cause, toldEvents } from '../events/append-events.ts'
import type { ArtifactRow, LeasedMessage, Timestamp } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import type { LedgerEntry } from '../versions/ledger-entry.ts'
import { messageOf, openedRuns } from '../validation-runs/insert-runs.ts'
import { standing } from './standing.ts'

export type NewSubmission = Pick<
  ArtifactRow,
  | 'id' | 'group_id' | 'type' | 'name' | 'status' | 'usage_policy' | 'created_by' | 'content_kind' | 'content_type'
  | 'content_size' | 'content_hash'
> & {
  content: Uint8Array
  /** What the caller says of it; the rest has a default, and is not compared with the latest version. */
  asked: { [What in 'metadata' | 'usage_policy' | 'version']: ArtifactRow[What] | undefined } & { bump: Bump | undefined }
  /** The kinds of versions that it may have. */
  fits: readonly Versioning[]
  /** Whether the latest version does as well, if it is the same. */
  repeatable: boolean
  cause: Cause
  /** None for a draft. */
  run: { id: string; requires_validation: boolean; deadlineMs: number; awaited: boolean } | undefined
} // prettier-ignore

/** With another artifact of the same content, which the actor may see. */
type StoredArtifact = ArtifactRow & Pick<PresentedArtifact, 'duplicate_of'>

/** What became of a submission; whatever it is, that of others does not depend on it. */
export type StoredSubmission =
  | {
      outcome: 'stored'
      artifact: StoredArtifact
      run_deadline: Timestamp | null
      /** The message of its run, if it was written leased: to be handed to the queue as soon as it is committed. */
      leased: LeasedMessage | undefined
    }
  | { outcome: 'repeated'; id: string }
  | { outcome: 'used'; prior: LedgerEntry }
  | { outcome: 'misfit'; versioning: Versioning }
  | { outcome: 'exhausted' }

/** How many events are told of it, each with a number of its name's sequence. */
export const eventsOf = ({ run }: Pick<NewSubmission, 'run'>): number => (run ? 2 : 1)

type StoredRow = {
  submission_id: string
  versioning: Versioning
  latest_id: string | null
  leased: boolean | null
  run_deadline: Timestamp | null
} & (
  | ({ outcome: 'fits'; prior: null } & StoredArtifact)
  | { outcome: 'repeated'; latest_id: string }
  | { outcome: 'used'; prior: LedgerEntry }
  | { outcome: 'misfit' | 'exhausted' }
)

/**
 * Decides what becomes of submissions, each of another name (standing.ts), and writes those that become new versions with all that
 * belongs to them: the entry of the ledger, the artifact, its run with its message, its events with theirs. All in one statement, as what
 * several have to start and to end with costs more than their rows, and as nothing has to travel to and fro while the names are
 * locked (claimNames, before it). JSON is stored twice: as bytes and as JSONB. All content goes as one run of bytes, each row knowing
 * where its own begins, and comes last: the driver's buffer grows once for it. With `leaseMs` the message of the first run is
 * leased to whoever writes it (openedRuns).
 * @returns by the id of the submission. Where a version was used meanwhile by somebody who did not lock its name, nothing is written
 *   (isVersionUsed)
 */
export async function storeSubmissions(
  tx: Tx,
  submissions: readonly NewSubmission[],
  { leaseMs }: { leaseMs: number | undefined },
): Promise<Map<string, StoredSubmission>> {
  const rows = placed(submissions, leaseMs)
  const stored = await tx<StoredRow[]>`
    with given as materialized (
      select asked.*, coalesce(asked.metadata, '{}') as kept_metadata, bytes, found.*, outcome,
             case when outcome = 'used' then to_jsonb(prior) end as prior
        from jsonb_to_recordset(${tx.json(rows)}) as asked (
          id uuid, group_id text, type text, name text, status text, usage_policy text, created_by text, content_kind text,
          content_type text, content_size bigint, content_hash text, asked_version text, bump text, fits text[], repeatable boolean,
          asked_policy text, metadata jsonb, content_begin integer, run_id uuid, run_message_id uuid,
          requires_validation boolean, "deadlineMs" bigint, awaited boolean, lease_ms float8, created_id uuid, submitted_id uuid,
          event_message_id uuid, events integer, actor text, request_id text, traceparent text)
       cross join lateral substring(${bytesOf(submissions)}::bytea from content_begin for content_size::integer) bytes
        ${standing(tx)}
    ), given_back as (
      update artifact_names n set last_sequence = n.last_sequence - given.events
        from given
       where outcome <> 'fits' and n.group_id = given.group_id and n.type = given.type and n.name = given.name
    ), taken as (
      insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
      select group_id, type, name, version, id, created_by, content_hash, status, usage_policy, status <> 'draft'
        from given where outcome = 'fits'
    ), given_runs as (
      select run_id as id, group_id, id as artifact_id, type as artifact_type, content_hash, 'submission' as kind,
             requires_validation, "deadlineMs", awaited, null::uuid as recheck_id, false as simulate, traceparent,
             run_message_id as message_id, lease_ms
        from given where outcome = 'fits' and run_id is not null
    ), ${openedRuns(tx)}, given_events as (
      select event.id, event_message_id as message_id, group_id, given.id as artifact_id, type, name, version,
             last_sequence - event.before_last as sequence, event_type, '{}'::jsonb as event_data, actor, request_id, status,
             usage_policy, content_hash, created_by, false as was_published, traceparent
        from given
       cross join lateral (values (created_id, 'created', (submitted_id is not null)::int), (submitted_id, 'submitted', 0)) as event (
         id, event_type, before_last)
       where outcome = 'fits' and event.id is not null
    ), ${toldEvents(tx)}, stored as (
      insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind,
                                   content_type, content_size, content_hash, json_content, metadata, validation_run_id,
                                   duplicate_of, content)
      select id, group_id, type, name, version, status, usage_policy, created_by, content_kind, content_type, content_size,
             content_hash, case when content_kind = 'json' then convert_from(bytes, 'UTF8')::jsonb end, kept_metadata, run_id,
             same_id, bytes
        from given where outcome = 'fits'
      returning ${artifactColumns(tx)}
    )
    select given.id as submission_id, given.outcome, given.versioning, given.latest_id, given.prior, stored.*,
           given.same_id as duplicate_of, opened_runs.deadline as run_deadline, announced_runs.leased
      from given
      left join stored on stored.id = given.id
      left join opened_runs on opened_runs.id = given.run_id
      left join announced_runs on announced_runs.run_id = given.run_id`
  const given = new Map(rows.map((row) => [row.id, row]))
  return new Map(stored.map((row) => [row.submission_id, outcomeOf(row, given.get(row.submission_id))]))
}

/** What would become of submissions, whose names are locked, if they were stored now. @returns the ids of those that would be */
export async function findStorable(tx: Tx, submissions: readonly NewSubmission[]): Promise<Set<string>> {
  const found = await tx<{ id: string }[]>`
    select asked.id
      from jsonb_to_recordset(${tx.json(submissions.map(asked))}) as asked (
        id uuid, group_id text, type text, name text, content_type text, content_hash text, asked_version text, bump text, fits text[],
        repeatable boolean, asked_policy text, metadata jsonb)
      ${standing(tx)}
     where outcome = 'fits'`
  return new Set(found.map(({ id }) => id))
}

type Row = ReturnType<typeof placed>[number]

function outcomeOf(row: StoredRow, given: Row | undefined): StoredSubmission {
  switch (row.outcome) {
    case 'fits': {
      const {
        submission_id: _id,
        outcome: _o,
        versioning: _v,
        latest_id: _l,
        prior: _p,
        leased,
        run_deadline,
        ...artifact
      } = row
      return { outcome: 'stored', artifact, run_deadline, leased: leased && given ? leasedMessageOf(given) : undefined }
    }
    case 'repeated':
      return { outcome: row.outcome, id: row.latest_id }
    case 'used':
      return { outcome: row.outcome, prior: row.prior }
    case 'misfit':
      return { outcome: row.outcome, versioning: row.versioning }
    case 'exhausted':
      return { outcome: row.outcome }
  }
}

const leasedMessageOf = ({ run_id, type, group_id, traceparent, run_message_id }: Row): LeasedMessage | undefined =>
  run_id && run_message_id
    ? messageOf({ id: run_id, artifact_type: type, group_id, traceparent, message_id: run_message_id })
    : undefined

/** What decides (standing.ts). */
const asked = ({
  asked: { version, bump, metadata, usage_policy },
  content: _content,
  cause: _cause,
  run: _run,
  ...row
}: NewSubmission) => ({
  ...row,
  asked_version: version ?? null,
  bump: bump ?? null,
  metadata: metadata ?? null,
  asked_policy: usage_policy ?? null,
})

function placed(submissions: readonly NewSubmission[], leaseMs: number | undefined) {
  let begin = 1 // PostgreSQL counts from one
  let leases = leaseMs
  return submissions.map((submission) => {
    const { content, cause, run } = submission
    const row = {
      ...asked(submission),
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
      events: eventsOf(submission),
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
