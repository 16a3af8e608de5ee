import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'
import type { NameQuestion } from './find-version.ts'
import type { PresentedArtifact } from './present-artifact.ts'

/** An artifact of the own group, with what is needed to tell whether its tries are missing. */
export type OwnArtifact = PresentedArtifact & { run_attempts: number | null }

/**
 * One version of one of the group's own names that is in use, with its run but without its tries: what polls and downloads
 * ask for. Flat, as findOwnLatest is. Finds nothing where findVersion may know more: an archived version, several
 * types of one name, another group's public name.
 */
export const findOwnVersion = (
  tx: Tx,
  {
    group_id,
    name,
    version,
    type = null,
    withContent,
  }: Omit<NameQuestion, 'foreign' | 'type'> & { version: string; type?: string | null | undefined },
): postgres.PendingQuery<OwnArtifact[]> => tx<OwnArtifact[]>`
  select a.id, a.group_id, a.type, a.name, a.version, a.is_prerelease, a.status, a.usage_policy, a.created_by,
         a.content_kind, a.content_type, a.content_size, a.content_hash, a.metadata, a.validation_run_id, a.blocked_reason,
         a.duplicate_of, a.revision, a.created_at, a.updated_at, a.published_at, a.last_accessed_at, a.purged_at,
         null::timestamptz as archived_at, null::text as archive_reason,
         run.state as run_state, run.reason as run_reason, run.findings as run_findings, run.report_url as run_report_url,
         run.deadline as run_deadline, run.checked_at as run_checked_at, run.attempts as run_attempts, null::jsonb as tries,
         case when ${withContent} and a.content_kind <> 'binary' and a.content_size <= 1048576
               and a.status in ('draft', 'published') then a.content end as inline_content
    from (select min(type) as type from artifact_names
           where group_id = ${group_id} and name = ${name} and (${type}::text is null or type = ${type}::text)
          having count(*) = 1) only_type
    join artifact_active a
      on a.group_id = ${group_id} and a.type = only_type.type and a.name = ${name} and a.version = ${version}
    left join validation_runs run on run.id = a.validation_run_id and run.group_id = a.group_id`
