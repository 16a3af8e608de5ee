import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'
import type { OwnArtifact } from './find-own-version.ts'

export type LatestQuestion = { name: string; type?: string | undefined; withContent: boolean }

/**
 * The latest published version of each type of the group's own names, without what few have (OwnArtifact): the read that
 * is made most by far. One step down an index per type, and one flat statement, as each nested part of one costs as much as
 * an index lookup. The lists of what is asked stand in selects of their own, so that the planner does not look at their
 * length: it would plan anew for each call, which costs more than all else. Finds nothing where findLatest may know
 * more (another group's public name).
 */
export const findOwnLatest = (
  tx: Tx,
  groupId: string,
  questions: readonly LatestQuestion[],
): postgres.PendingQuery<OwnArtifact[]> => tx<OwnArtifact[]>`
  select asked.place::int as place,
         a.id, a.group_id, a.type, a.name, a.version, a.is_prerelease, a.status, a.usage_policy, a.created_by,
         a.content_kind, a.content_type, a.content_size, a.content_hash, a.metadata, a.validation_run_id, a.blocked_reason,
         null::uuid as duplicate_of, a.revision, a.created_at, a.updated_at, a.published_at, a.last_accessed_at, a.purged_at,
         null::timestamptz as archived_at, null::text as archive_reason,
         run.state as run_state, run.reason as run_reason, run.findings as run_findings, run.report_url as run_report_url,
         run.deadline as run_deadline, run.checked_at as run_checked_at, null::jsonb as tries,
         coalesce(run.attempts, 0) > 0 or a.duplicate_of is not null as tells_more,
         case when asked.with_content and a.content_kind <> 'binary' and a.content_size <= 1048576 then a.content end as inline_content
    from unnest((select ${questions.map(({ name }) => name)}::text[]), (select ${questions.map(({ type }) => type ?? null)}::text[]),
                (select ${questions.map(({ withContent }) => String(withContent))}::text[]::boolean[]))
         with ordinality asked (name, type, with_content, place)
   cross join lateral (
      select type from artifact_names
       where group_id = ${groupId} and name = asked.name and (asked.type is null or type = asked.type) offset 0) names
   cross join lateral (
      select * from artifact_active
       where group_id = ${groupId} and name = asked.name and type = names.type and status = 'published'
       order by is_prerelease, version_sort desc limit 1) a
    left join validation_runs run on run.id = a.validation_run_id and run.group_id = a.group_id`
