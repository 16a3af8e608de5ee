import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'
import { type OwnArtifact, ownArtifact } from './own-artifact.ts'

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
  select asked.place::int as place, ${ownArtifact(tx)}
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
