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

/**
 * The published and the archived versions of a name, without content. They come from the ledger, which also knows the
 * restricted versions of others: a rollback may not pass over one of them.
 */
export async function listStandingVersions(tx: Tx, { group_id, type, name }: Name): Promise<StandingVersion[]> {
  return await tx<StandingVersion[]>`
    select v.artifact_id as id, v.version, v.created_by, v.content_hash, v.status, h.archive_reason,
           coalesce(a.purged_at, h.purged_at) as purged_at, coalesce(a.id, h.original_id) is not null as visible
      from artifact_versions v
      left join artifact_active a on a.id = v.artifact_id and a.group_id = v.group_id
      left join artifact_history h on h.original_id = v.artifact_id and h.group_id = v.group_id and h.restored_at is null
     where v.group_id = ${group_id} and v.type = ${type} and v.name = ${name} and v.status in ('published', 'archived')`
}
