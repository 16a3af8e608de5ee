import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'
import type { LatestQuestion } from './find-own-latest.ts'
import type { PresentedArtifact } from './present-artifact.ts'

/** An artifact of the own group, with the place of its question. What few have (tries, an equal artifact) is left out; `tells_more` says that there is some. */
export type OwnArtifact = PresentedArtifact & { place: number; tells_more: boolean }

export type VersionQuestion = LatestQuestion & { version: string }

/**
 * Single versions of the group's own names that are in use, without what few have: what polls ask for.
 * Flat, as findOwnLatest is. Finds nothing where findVersion may know more: an archived version, several types of one
 * name, another group's public name.
 */
export const findOwnVersion = (
  tx: Tx,
  groupId: string,
  questions: readonly VersionQuestion[],
): postgres.PendingQuery<OwnArtifact[]> => tx<OwnArtifact[]>`
  select asked.place::int as place,
         a.id, a.group_id, a.type, a.name, a.version, a.is_prerelease, a.status, a.usage_policy, a.created_by,
         a.content_kind, a.content_type, a.content_size, a.content_hash, a.metadata, a.validation_run_id, a.blocked_reason,
         null::uuid as duplicate_of, a.revision, a.created_at, a.updated_at, a.published_at, a.last_accessed_at, a.purged_at,
         null::timestamptz as archived_at, null::text as archive_reason,
         run.state as run_state, run.reason as run_reason, run.findings as run_findings, run.report_url as run_report_url,
         run.deadline as run_deadline, run.checked_at as run_checked_at, null::jsonb as tries,
         coalesce(run.attempts, 0) > 0 or a.duplicate_of is not null as tells_more,
         case when asked.with_content and a.content_kind <> 'binary' and a.content_size <= 1048576
               and a.status in ('draft', 'published') then a.content end as inline_content
    from unnest((select ${questions.map(({ name }) => name)}::text[]), (select ${questions.map(({ type }) => type ?? null)}::text[]),
                (select ${questions.map(({ version }) => version)}::text[]),
                (select ${questions.map(({ withContent }) => String(withContent))}::text[]::boolean[]))
         with ordinality asked (name, type, version, with_content, place)
   cross join lateral (${ownVersion(tx, groupId)}) a
    left join validation_runs run on run.id = a.validation_run_id and run.group_id = a.group_id`

/**
 * The row of what is `asked` (name, type or null, version): its type first, as only all four coordinates together are one step
 * down an index, however many versions a name has. The planner keeps to that order as it may not flatten it (offset 0).
 */
export const ownVersion = (tx: Tx, groupId: string) => tx`
  select active.* from (
      select min(type) as type from artifact_names
       where group_id = ${groupId} and name = asked.name and (asked.type is null or type = asked.type)
      having count(*) = 1) only_type
   cross join lateral (
      select * from artifact_active
       where group_id = ${groupId} and type = only_type.type and name = asked.name and version = asked.version offset 0) active`
