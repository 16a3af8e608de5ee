import type { Status } from '@keepr/shared/domain/lifecycle'
import { postgres } from '../driver/postgres.ts'
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

/** Takes versions for ever; where one was used before, in whatever state, none is taken (isVersionUsed). */
export async function insertVersions(tx: Tx, entries: readonly LedgerEntry[]): Promise<void> {
  await tx`
    insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
    select group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, status <> 'draft'
      from jsonb_to_recordset(${tx.json([...entries])}) as given (
        group_id text, type text, name text, version text, artifact_id uuid, created_by text, content_hash text, status text,
        usage_policy text)`
}

/** Whether an error is that of a version that somebody took who did not lock its name. */
export const isVersionUsed = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && error.constraint_name === 'artifact_versions_pkey'
