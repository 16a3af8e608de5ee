import { sumStoredBytes } from '@keepr/db/artifacts/sum-stored-bytes'
import type { Tx } from '@keepr/db/transaction'
import { problem } from '@keepr/shared/problem'

type Wish = { groupId: string; bytes: number; maxStoredBytes: number }

/** Refuses bytes that would take a group beyond what it may store. */
export async function requireStorage(tx: Tx, { groupId, bytes, maxStoredBytes }: Wish): Promise<void> {
  if (!Number.isFinite(maxStoredBytes)) return
  if ((await sumStoredBytes(tx, groupId)) + bytes > maxStoredBytes) throw problem('storage-quota-exceeded')
}
