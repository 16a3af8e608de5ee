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

/** Takes versions for ever. @returns the artifacts that have them now; one whose version was used before, in whatever state, is missing */
export async function insertVersions(tx: Tx, entries: readonly LedgerEntry[]): Promise<{ artifact_id: string }[]> {
  return await tx<{ artifact_id: string }[]>`
    insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
    select group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, status <> 'draft'
      from jsonb_to_recordset(${tx.json([...entries])}) as given (
        group_id text, type text, name text, version text, artifact_id uuid, created_by text, content_hash text, status text,
        usage_policy text)
    on conflict (group_id, type, name, version) do nothing
    returning artifact_id`
}
