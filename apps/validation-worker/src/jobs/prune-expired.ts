import { deleteOldPlans } from '@keepr/db/cleanup/delete-old-plans'
import { deleteExpiredKeys } from '@keepr/db/idempotency/delete-expired-keys'
import { deleteOldTries } from '@keepr/db/validation-runs/delete-old-tries'
import { deleteQuarantined } from '@keepr/db/outbox/delete-quarantined'
import type { Context } from '../context.ts'

const BATCH = 5_000

/** Removes what is not kept for ever, by the retention settings, in batches so that no lock is held for long. */
export async function pruneExpired(ctx: Context): Promise<void> {
  const { retention } = ctx
  const pruned = {
    idempotency_keys: await inBatches((limit) =>
      ctx.db.withService(null, (tx) => deleteExpiredKeys(tx, retention.idempotencyKeysMs, limit)),
    ),
    cleanup_plans: await inBatches((limit) =>
      ctx.db.withService(null, (tx) => deleteOldPlans(tx, retention.cleanupPlansMs, limit)),
    ),
    validation_tries: await inBatches((limit) =>
      ctx.db.withService(null, (tx) => deleteOldTries(tx, retention.validationTriesMs, limit)),
    ),
    outbox: await inBatches((limit) =>
      ctx.db.withService(null, (tx) => deleteQuarantined(tx, retention.quarantinedMessagesMs, limit)),
    ),
  }
  ctx.log.info(pruned, 'pruned what is older than its retention')
}

async function inBatches(remove: (limit: number) => Promise<number>): Promise<number> {
  let total = 0
  for (;;) {
    const removed = await remove(BATCH)
    total += removed
    if (removed < BATCH) return total
  }
}
