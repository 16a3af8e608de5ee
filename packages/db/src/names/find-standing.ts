import { sameContent } from '../artifacts/find-duplicates.ts'
import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import type { LedgerEntry } from '../versions/ledger-entry.ts'

type Coordinates = Pick<LedgerEntry, 'group_id' | 'type'>
type Question = {
  name: string
  version: string | null
  content_hash: string
  restricted: boolean
  /** Whether the latest version matters. */
  repeatable: boolean
}

/** What stands under a name that matters to its next version. */
export type Standing = {
  name: string
  /** The latest published version. */
  latest: Pick<ArtifactRow, 'content_hash' | 'content_type' | 'usage_policy' | 'metadata' | 'purged_at'> | undefined
  /**
   * Of the ledger: where a version is asked for, the entry of that one, if it was used in any state; else the highest integer
   * or release that was ever used.
   */
  prior: LedgerEntry | undefined
  /** An artifact of the group with the same content (find-duplicates.ts). */
  duplicate_of: string | undefined
}

type Row = { name: string; duplicate_of: string | null } & {
  [Field in keyof NonNullable<Standing['latest']> as `latest_${Field}`]: NonNullable<Standing['latest']>[Field] | null
} & { [Field in keyof Omit<LedgerEntry, 'name' | keyof Coordinates>]: LedgerEntry[Field] | null }

/**
 * Answers for each name that asks, one step down an index for each thing that is asked. The group and the type stand in selects
 * of their own: the planner would plan each call anew for what it knows of them, which costs more than all else.
 */
export async function findStanding(
  tx: Tx,
  { group_id, type }: Coordinates,
  questions: readonly Question[],
): Promise<Standing[]> {
  const rows = await tx<Row[]>`
    select asked.name, latest.content_hash as latest_content_hash, latest.content_type as latest_content_type,
           latest.usage_policy as latest_usage_policy, latest.metadata as latest_metadata, latest.purged_at as latest_purged_at,
           prior.version, prior.artifact_id, prior.created_by, prior.content_hash, prior.status, prior.usage_policy,
           same.id as duplicate_of
      from jsonb_to_recordset(${tx.json([...questions])}) as asked (
        name text, version text, content_hash text, restricted boolean, repeatable boolean, id uuid)
      left join lateral (
        select content_hash, content_type, usage_policy, metadata, purged_at from artifact_active
         where asked.repeatable and group_id = (select ${group_id}::text) and type = (select ${type}::text) and name = asked.name
           and status = 'published'
         order by is_prerelease, version_sort desc limit 1) latest on true
      left join lateral (
        (select * from artifact_versions
          where asked.version is null and group_id = (select ${group_id}::text) and type = (select ${type}::text)
            and name = asked.name and not is_prerelease
          order by version_sort desc limit 1)
        union all
        select * from artifact_versions
         where group_id = (select ${group_id}::text) and type = (select ${type}::text)
           and name = asked.name and version = asked.version) prior on true
      left join lateral (${sameContent(tx, { group_id, type })}) same on true`
  return rows.map((row) => ({
    name: row.name,
    latest: latestOf(row),
    prior: priorOf(row, { group_id, type }),
    duplicate_of: row.duplicate_of ?? undefined,
  }))
}

const latestOf = (row: Row): Standing['latest'] =>
  row.latest_content_hash === null
    ? undefined
    : // SAFETY: a row with a hash is a whole one.
      ({
        content_hash: row.latest_content_hash,
        content_type: row.latest_content_type,
        usage_policy: row.latest_usage_policy,
        metadata: row.latest_metadata,
        purged_at: row.latest_purged_at,
      } as Standing['latest'])

const priorOf = (row: Row, coordinates: Coordinates): Standing['prior'] =>
  row.version === null
    ? undefined
    : // SAFETY: a row with a version is a whole one.
      ({
        ...coordinates,
        name: row.name,
        version: row.version,
        artifact_id: row.artifact_id,
        created_by: row.created_by,
        content_hash: row.content_hash,
        status: row.status,
        usage_policy: row.usage_policy,
      } as LedgerEntry)
