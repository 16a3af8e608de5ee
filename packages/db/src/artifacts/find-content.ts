import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

/** The bytes of one artifact whose owner group is known, wherever its row lies; null once they were purged. */
export function findContent(
  tx: Tx,
  { id, group_id }: { id: string; group_id: string },
): postgres.PendingQuery<{ content: Buffer | null }[]> {
  return tx<{ content: Buffer | null }[]>`
    select content from artifact_active where id = ${id} and group_id = ${group_id} and status in ('draft', 'published')
    union all
    select content from artifact_history where original_id = ${id} and group_id = ${group_id} and restored_at is null`
}
