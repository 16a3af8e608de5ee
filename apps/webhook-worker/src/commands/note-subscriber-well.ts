import { insertOperationalEvent } from '@keepr/db/operational-events/insert-operational-event'
import { bringForwardLane } from '@keepr/db/outbox/bring-forward-lane'
import { noteSubscriberAlive } from '@keepr/db/subscribers/note-subscriber-alive'
import type { Tx } from '@keepr/db/transaction'
import { systemActor } from '@keepr/shared/domain/actor'

/** As many as one statement moves; the sweep brings the others. */
const BATCH = 5000

/**
 * A subscriber that failed took a delivery: it is well again, and if it was paused, all that waits for it is due.
 * @returns why it is resumed; undefined where it was not paused
 */
export async function noteSubscriberWell(tx: Tx, name: string): Promise<string | undefined> {
  if ((await noteSubscriberAlive(tx, name)) !== 'paused') return undefined
  const reason = 'it took a probe'
  await bringForwardLane(tx, 'deliver_webhook', name, BATCH)
  await insertOperationalEvent(tx, {
    event_type: 'subscriber_resumed',
    subject: name,
    actor: systemActor('webhook-worker'),
    event_data: { reason },
  })
  return reason
}
