import { insertOperationalEvent } from '@keepr/db/operational-events/insert-operational-event'
import { bringForwardLane } from '@keepr/db/outbox/bring-forward-lane'
import { resumeSubscriber as resumeRow } from '@keepr/db/subscribers/resume-subscriber'
import type { Tx } from '@keepr/db/transaction'

/** As many as one statement moves; the webhook worker's sweep brings the others. */
const BATCH = 5000

/** An operator says that a subscriber is well again: what waits for it is due. @returns false when it was active */
export async function resumeSubscriber(tx: Tx, name: string, operator: string): Promise<boolean> {
  const was = await resumeRow(tx, name)
  if (was === undefined) return false
  await bringForwardLane(tx, 'deliver_webhook', name, BATCH)
  await insertOperationalEvent(tx, {
    event_type: 'subscriber_resumed',
    subject: name,
    actor: operator,
    event_data: { was },
  })
  return true
}
