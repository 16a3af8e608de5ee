import type { Tx } from '@keepr/db/transaction'
import { countPendingRuns } from '@keepr/db/validation-runs/count-pending-runs'
import { problem } from '@keepr/shared/problem'
import type { TypeConfig } from '@keepr/shared/schemas/type-config'

type Limits = { maxPending: number; config: Pick<TypeConfig, 'max_pending'> }

/** Refuses one more run of a group that has as many open ones as it may have, in all or of this type. */
export async function requirePendingRoom(
  tx: Tx,
  { group_id, type }: { group_id: string; type: string },
  { maxPending, config }: Limits,
): Promise<void> {
  const ofType = config.max_pending ?? Number.POSITIVE_INFINITY
  if (!Number.isFinite(Math.min(maxPending, ofType))) return
  const open = await countPendingRuns(tx, group_id, type)
  if (open.all >= maxPending || open.of_type >= ofType) throw problem('too-many-pending', { retry_after_s: 5 })
}
