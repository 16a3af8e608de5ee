import type { Tx } from '../transaction.ts'
import type { LedgerEntry } from './insert-version.ts'

/** The ledger's entry of a version that was used. */
export async function findUsedVersion(
  tx: Tx,
  { group_id, type, name, version }: Pick<LedgerEntry, 'group_id' | 'type' | 'name' | 'version'>,
): Promise<LedgerEntry | undefined> {
  const [entry] = await tx<LedgerEntry[]>`
    select group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy
      from artifact_versions
     where group_id = ${group_id} and type = ${type} and name = ${name} and version = ${version}`
  return entry
}
