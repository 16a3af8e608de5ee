import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'
import type { LatestQuestion } from './find-own-latest.ts'
import { type OwnArtifact, ownArtifact } from './own-artifact.ts'

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
  select asked.place::int as place, ${ownArtifact(tx)}
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
