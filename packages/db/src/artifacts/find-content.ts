import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'
import { hasContent } from './has-content.ts'

type Slice = { id: string; group_id: string; content_hash: string; start: number; length: number }

/**
 * A slice of the bytes of one artifact whose owner group is known, wherever its row lies; null once they were purged,
 * and no row when the content is another one by now (a draft that was edited), so that slices always fit together.
 */
export function findContent(
  tx: Tx,
  { id, group_id, content_hash, start, length }: Slice,
): postgres.PendingQuery<{ content: Buffer | null }[]> {
  return tx<{ content: Buffer | null }[]>`
    select substr(content, ${start + 1}::int, ${length}::int) as content from artifact_active
     where id = ${id} and group_id = ${group_id} and ${hasContent(tx, tx`${content_hash}`)} and status in ('draft', 'published')
    union all
    select substr(content, ${start + 1}::int, ${length}::int) from artifact_history
     where original_id = ${id} and group_id = ${group_id} and ${hasContent(tx, tx`${content_hash}`)} and restored_at is null`
}
