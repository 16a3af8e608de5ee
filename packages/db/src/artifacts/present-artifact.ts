import type postgres from 'postgres'
import type { ArchiveReason, ArtifactRow, JsonObject, RunState, Timestamp, TryOutcome } from '../rows.ts'
import { lastAccess } from '../history/last-access.ts'
import type { Tx } from '../transaction.ts'

/** An artifact as it is answered: wherever its row lies, with its current validation run and, if asked, its content. */
export type PresentedArtifact = ArtifactRow & {
  archived_at: Timestamp | null
  archive_reason: ArchiveReason | null
  /** An artifact with the same content, if the actor may see that one now. */
  duplicate_of: string | null
  run_state: RunState | null
  run_reason: string | null
  run_findings: JsonObject[] | null
  run_report_url: string | null
  run_deadline: Timestamp | null
  run_checked_at: Timestamp | null
  tries: { at: Timestamp; duration_ms: number; outcome: TryOutcome; reason: string | null }[] | null
  /** Only where it was asked for and may be read at all; null otherwise. */
  inline_content: Buffer | null
}

/** The columns that artifact_active (`a`) and artifact_history (`h`) have in common, under one name each. */
const common = (tx: Tx) => tx`
  group_id, type, name, version, version_sort, is_prerelease, status, usage_policy, created_by, content_kind, content_type,
  content_size, content_hash, metadata, validation_run_id, blocked_reason, duplicate_of, revision, created_at, updated_at,
  published_at, purged_at, content`

type Fragment = postgres.PendingQuery<postgres.Row[]>

/** Rows of artifacts in use. */
export const activeArtifacts = (tx: Tx, condition: Fragment): Fragment => tx`
  select id, ${common(tx)}, last_accessed_at, null::timestamptz as archived_at, null::text as archive_reason
    from artifact_active where ${condition}`

/** Rows of archived artifacts, with the id that they always had. */
export const archivedArtifacts = (tx: Tx, condition: Fragment): Fragment => tx`
  select original_id as id, ${common(tx)}, ${lastAccess(tx)} as last_accessed_at, archived_at, archive_reason
    from artifact_history where restored_at is null and ${condition}`

/** Asked of the ledger, which knows who may see an artifact wherever its row lies. Few have any. */
const visibleDuplicate = (tx: Tx) => tx`
  case when a.duplicate_of is not null then (
    select v.artifact_id from artifact_versions v
     where v.group_id = a.group_id and v.artifact_id = a.duplicate_of and may_see(v.created_by, v.status, v.usage_policy)) end`

const inlineLimit = 1024 * 1024

/**
 * Completes rows from the two functions above. Content is read (and detoasted) only if `withContent` says so, and
 * never for a version that has not passed validation.
 */
export const presentArtifacts = (
  tx: Tx,
  rows: Fragment,
  withContent: boolean,
): postgres.PendingQuery<PresentedArtifact[]> =>
  tx<PresentedArtifact[]>`
  select a.id, a.group_id, a.type, a.name, a.version, a.version_sort, a.is_prerelease, a.status, a.usage_policy, a.created_by,
         a.content_kind, a.content_type, a.content_size, a.content_hash, a.metadata, a.validation_run_id, a.blocked_reason,
         a.revision, a.created_at, a.updated_at, a.published_at, a.last_accessed_at, a.purged_at,
         a.archived_at, a.archive_reason, ${visibleDuplicate(tx)} as duplicate_of,
         run.state as run_state, run.reason as run_reason, run.findings as run_findings, run.report_url as run_report_url,
         run.deadline as run_deadline, run.checked_at as run_checked_at,
         case when run.attempts > 0 then (
           select jsonb_agg(jsonb_build_object(
                    'at', to_char(t.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                    'duration_ms', t.duration_ms, 'outcome', t.outcome, 'reason', t.reason) order by t.at)
             from (select * from validation_tries where run_id = run.id order by at desc limit 20) t) end as tries,
         case when ${withContent} and a.content_kind <> 'binary' and a.content_size <= ${inlineLimit}
               and a.status in ('draft', 'published', 'archived') then a.content end as inline_content
    from (${rows}) a
    left join validation_runs run on run.id = a.validation_run_id and run.group_id = a.group_id`
