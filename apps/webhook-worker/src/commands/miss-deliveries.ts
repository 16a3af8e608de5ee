import { missDeliveries as missRows } from '@keepr/db/deliveries/miss-deliveries'
import { insertOperationalEvent } from '@keepr/db/operational-events/insert-operational-event'
import type { Tx } from '@keepr/db/transaction'
import { systemActor } from '@keepr/shared/domain/actor'

/** Of a long backlog so many at once, so that it holds no long locks. */
export const MISSED_AT_ONCE = 2000

export type Missed = { group_id: string; subscriber: string; olderThanMs: number; why: string }

/**
 * Settles what a group has waiting for a subscriber that will not be called as missed; it can be replayed.
 * @returns how many
 */
export async function missDeliveries(tx: Tx, { why, ...which }: Missed): Promise<number> {
  const count = await missRows(tx, which, MISSED_AT_ONCE)
  if (count > 0)
    await insertOperationalEvent(tx, {
      event_type: 'deliveries_missed',
      subject: which.subscriber,
      actor: systemActor('webhook-worker'),
      event_data: { count, reason: why },
    })
  return count
}
