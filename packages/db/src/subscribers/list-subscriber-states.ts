import type { SubscriberRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** All that was written down about subscribers; one of which nothing was is active. */
export async function listSubscriberStates(tx: Tx): Promise<SubscriberRow[]> {
  return await tx<SubscriberRow[]>`
    select name, state, reason, failing_since, probe_at, changed_at from webhook_subscribers order by name`
}
