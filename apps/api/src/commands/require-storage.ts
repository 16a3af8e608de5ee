import { sumStoredBytes } from '@keepr/db/artifacts/sum-stored-bytes'
import type { Tx } from '@keepr/db/transaction'
import { problem } from '@keepr/shared/problem'
import { limitHeaders } from '../limit-headers.ts'

type Wish = { groupId: string; bytes: number; maxStoredBytes: number }

/** Refuses bytes that would take a group beyond what it may store. */
export async function requireStorage(tx: Tx, { groupId, bytes, maxStoredBytes }: Wish): Promise<void> {
  if (!Number.isFinite(maxStoredBytes)) return
  const used = await sumStoredBytes(tx, groupId)
  if (used + bytes > maxStoredBytes)
    throw problem('storage-quota-exceeded', {
      detail: `The group stores ${used} of ${maxStoredBytes} bytes, and ${bytes} more do not fit.`,
      limit_bytes: maxStoredBytes,
      used_bytes: used,
      retry_after_s: 60,
      headers: limitHeaders([
        { name: 'stored', limit: maxStoredBytes, remaining: maxStoredBytes - used, unit: 'content-bytes' },
      ]),
    })
}
