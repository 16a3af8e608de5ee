import type { Tx } from '../transaction.ts'
import type { LedgerEntry } from './insert-versions.ts'

type Coordinates = Pick<LedgerEntry, 'group_id' | 'type'>
type Question = { name: string; version: string | null }

/**
 * What the ledger holds of each name that matters to its next version: where a version is asked for, the entry of that one,
 * if it was used in any state; else the highest integer or release that was ever used. The group and the type stand in selects
 * of their own: the planner would plan each call anew for what it knows of them, which costs more than all else.
 */
export async function findPriorVersions(
  tx: Tx,
  { group_id, type }: Coordinates,
  questions: readonly Question[],
): Promise<LedgerEntry[]> {
  return await tx<LedgerEntry[]>`
    select v.group_id, v.type, v.name, v.version, v.artifact_id, v.created_by, v.content_hash, v.status, v.usage_policy
      from jsonb_to_recordset(${tx.json([...questions])}) as asked (name text, version text)
     cross join lateral (
       (select * from artifact_versions
         where asked.version is null and group_id = (select ${group_id}::text) and type = (select ${type}::text)
           and name = asked.name and not is_prerelease
         order by version_sort desc limit 1)
       union all
       select * from artifact_versions
        where group_id = (select ${group_id}::text) and type = (select ${type}::text)
          and name = asked.name and version = asked.version) v`
}
