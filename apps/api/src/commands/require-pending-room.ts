import type { Tx } from '@keepr/db/transaction'
import { countPendingRuns } from '@keepr/db/validation-runs/count-pending-runs'
import { problem } from '@keepr/shared/problem'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'
import { limitHeaders } from '../limit-headers.ts'

type Limits = { maxPending: number; maxPendingPerUser: number; config: Pick<TypeConfig, 'max_pending'> }

/** Refuses more runs where too many would be open: of the group, of its type, or of what the caller made. */
export async function requirePendingRoom(
  tx: Tx,
  { group_id, type }: { group_id: string; type: string },
  { maxPending, maxPendingPerUser, config }: Limits,
  runs = 1,
): Promise<void> {
  const ofType = config.max_pending ?? Number.POSITIVE_INFINITY
  if (!Number.isFinite(Math.min(maxPending, maxPendingPerUser, ofType))) return
  const open = await countPendingRuns(tx, group_id, type)
  const limits = [
    { name: 'pending', limit: maxPending, remaining: maxPending - open.all },
    { name: 'user_pending', limit: maxPendingPerUser, remaining: maxPendingPerUser - open.of_user },
    { name: 'type_pending', limit: ofType, remaining: ofType - open.of_type },
  ]
  const reached = limits.filter(({ remaining }) => remaining < runs)
  if (reached.length > 0) throw problem('too-many-pending', { retry_after_s: 5, headers: limitHeaders(reached) })
}
