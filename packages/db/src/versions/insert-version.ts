import type { Status } from '@keepr/shared/domain/lifecycle'
import type { UsagePolicy } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type LedgerEntry = {
  group_id: string
  type: string
  name: string
  version: string
  artifact_id: string
  created_by: string
  content_hash: string
  status: Status
  usage_policy: UsagePolicy
}

/** Takes a version for ever. @returns false when it has been used before, in whatever state */
export async function insertVersion(tx: Tx, entry: LedgerEntry): Promise<boolean> {
  const rows = await tx`
    insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
    values (${entry.group_id}, ${entry.type}, ${entry.name}, ${entry.version}, ${entry.artifact_id}, ${entry.created_by},
            ${entry.content_hash}, ${entry.status}, ${entry.usage_policy}, ${entry.status !== 'draft'})
    on conflict (group_id, type, name, version) do nothing
    returning 1`
  return rows.length === 1
}
