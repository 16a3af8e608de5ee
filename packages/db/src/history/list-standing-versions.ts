import type { ArchiveReason, ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import type { Name } from '../names/lock-name.ts'

export type StandingVersion = Pick<ArtifactRow, 'version' | 'created_by' | 'content_hash'> & {
  id: string
  status: 'published' | 'archived'
  archive_reason: ArchiveReason | null
  purged_at: string | null
  /** False for what the policies of the database hide from the actor: known to the ledger only. */
  visible: boolean
}

type Standing = Omit<StandingVersion, 'archive_reason' | 'purged_at' | 'visible'>
type Stored = Pick<StandingVersion, 'id' | 'archive_reason' | 'purged_at'>

/**
 * The published and the archived versions of a name, without content. They come from the ledger, which also knows the
 * restricted versions of others: a rollback may not pass over one of them. They are put together here: while the statistics know
 * nothing yet of thousands that have just come, the planner would look through all of them for each.
 */
export async function listStandingVersions(tx: Tx, { group_id, type, name }: Name): Promise<StandingVersion[]> {
  const named = tx`group_id = ${group_id} and type = ${type} and name = ${name}`
  const [standing, active, archived] = await Promise.all([
    tx<Standing[]>`
      select artifact_id as id, version, created_by, content_hash, status from artifact_versions
       where ${named} and status in ('published', 'archived')`,
    tx<Stored[]>`select id, null as archive_reason, purged_at from artifact_active where ${named}`,
    tx<Stored[]>`
      select original_id as id, archive_reason, purged_at from artifact_history where ${named} and restored_at is null`,
  ])
  const stored = new Map([...archived, ...active].map((row) => [row.id, row]))
  return standing.map((version) => {
    const { archive_reason = null, purged_at = null } = stored.get(version.id) ?? {}
    return { ...version, archive_reason, purged_at, visible: stored.has(version.id) }
  })
}
