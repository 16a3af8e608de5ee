import { parkMessage } from '@keepr/db/outbox/park-message'
import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { insertOperationalEvent } from '@keepr/db/operational-events/insert-operational-event'
import { claimProbe } from '@keepr/db/subscribers/claim-probe'
import type { Tx } from '@keepr/db/transaction'
import { systemActor } from '@keepr/shared/domain/actor'

/**
 * A paused subscriber is called by one delivery at a time, when it is time for it; all others are parked meanwhile.
 * @returns whether this one is to call it
 */
export async function beginProbe(
  tx: Tx,
  { id, subscriber }: Pick<WaitingDelivery, 'id' | 'subscriber'>,
  nextInMs: number,
): Promise<boolean> {
  if (!(await claimProbe(tx, subscriber, nextInMs))) {
    await parkMessage(tx, 'deliver_webhook', id)
    return false
  }
  await insertOperationalEvent(tx, {
    event_type: 'subscriber_probed',
    subject: subscriber,
    actor: systemActor('webhook-worker'),
    event_data: { delivery_id: id },
  })
  return true
}
