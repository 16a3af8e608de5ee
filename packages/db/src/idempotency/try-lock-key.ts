import type { Tx } from '../transaction.ts'

export type KeyScope = { group_id: string; user_id: string; route: string; key: string }

/** Takes an Idempotency-Key until the transaction ends; false when another transaction has it: the first is running. */
export async function tryLockKey(tx: Tx, { group_id, user_id, route, key }: KeyScope): Promise<boolean> {
  const [row] = await tx<{ taken: boolean }[]>`
    select pg_try_advisory_xact_lock(hashtextextended(${JSON.stringify(['idempotency', group_id, user_id, route, key])}, 0)) as taken`
  return row?.taken ?? false
}
