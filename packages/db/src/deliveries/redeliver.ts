import { rescheduleMessage } from '../outbox/reschedule-message.ts'
import type { DeliveryRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type Redelivered = Omit<DeliveryRow, 'payload' | 'traceparent'>

/**
 * Sends a settled delivery again, with the same webhook-id, so that its receiver can tell.
 * @returns undefined when there is none; no `delivery` while it is pending, as it is sent anyway
 */
export async function redeliver(
  tx: Tx,
  group_id: string,
  id: string,
): Promise<{ delivery: Redelivered | undefined } | undefined> {
  const [existing] = await tx`select 1 from webhook_deliveries where group_id = ${group_id} and id = ${id} for update`
  if (!existing) return undefined
  const [delivery] = await tx<Redelivered[]>`
    update webhook_deliveries
       set state = 'pending', attempts = 0, next_attempt_at = now(), delivered_at = null
     where group_id = ${group_id} and id = ${id} and state <> 'pending'
    returning id, group_id, event_id, event_type, subscriber, webhook_id, state, attempts, next_attempt_at, delivered_at, created_at`
  // A message may be left of it, written by a sweep while it was being settled.
  if (delivery)
    await rescheduleMessage(tx, {
      kind: 'deliver_webhook',
      lane: delivery.subscriber,
      group_id,
      refs: [id],
      delayMs: 0,
    })
  return { delivery }
}
