import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'
import type { PresentedArtifact } from './present-artifact.ts'

/** An artifact of the own group, with the place of its question. What few have (tries, an equal artifact) is left out; `tells_more` says that there is some. */
export type OwnArtifact = PresentedArtifact & { place: number; tells_more: boolean }

/**
 * What is told of artifact `a` of the own group, with its `run`, to who `asked`. Written out, and not by presentArtifacts: each nested
 * part of a statement costs as much as an index lookup.
 */
export const ownArtifact = (tx: Tx): postgres.PendingQuery<postgres.Row[]> => tx`
  a.id, a.group_id, a.type, a.name, a.version, a.is_prerelease, a.status, a.usage_policy, a.created_by,
  a.content_kind, a.content_type, a.content_size, a.content_hash, a.metadata, a.validation_run_id, a.blocked_reason,
  null::uuid as duplicate_of, a.revision, a.created_at, a.updated_at, a.published_at, a.last_accessed_at, a.purged_at,
  null::timestamptz as archived_at, null::text as archive_reason,
  run.state as run_state, run.reason as run_reason, run.findings as run_findings, run.report_url as run_report_url,
  run.deadline as run_deadline, run.checked_at as run_checked_at, null::jsonb as tries,
  coalesce(run.attempts, 0) > 0 or a.duplicate_of is not null as tells_more,
  case when asked.with_content and a.content_kind <> 'binary' and a.content_size <= 1048576
        and a.status in ('draft', 'published') then a.content end as inline_content`
