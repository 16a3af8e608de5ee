import type { Tx } from '../transaction.ts'

/**
 * What the content of the actor's group takes, history and what the actor may not see included. Under a lock until the
 * transaction ends: of two that ask at a time the second counts what the first has added.
 */
export async function sumStoredBytes(tx: Tx, groupId: string): Promise<number> {
  await tx`select pg_advisory_xact_lock(hashtextextended(${`stored bytes of ${groupId}`}, 0))`
  const [row] = await tx<[{ bytes: number }]>`select stored_bytes() as bytes`
  return row.bytes
}
