import type { Tx } from '../transaction.ts'

/** What the content of a group takes, as far as the actor may see it, history included. */
export async function sumStoredBytes(tx: Tx, group_id: string): Promise<number> {
  const [row] = await tx<[{ bytes: number }]>`
    select (coalesce((select sum(content_size) from artifact_active where group_id = ${group_id} and purged_at is null), 0)
          + coalesce((select sum(content_size) from artifact_history where group_id = ${group_id} and restored_at is null and purged_at is null), 0))::bigint as bytes`
  return row.bytes
}
