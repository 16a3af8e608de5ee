import { parkMessage } from '@keepr/db/outbox/park-message'
import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { insertOperationalEvent } from '@keepr/db/operational-events/insert-operational-event'
import { claimProbe } from '@keepr/db/subscribers/claim-probe'
import { systemActor } from '@keepr/shared/domain/actor'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import type { Context } from '../context.ts'

/** The next probe begins after this one has certainly ended. */
const SPARE_MS = 10_000

/** A paused subscriber is called by one delivery at a time, when it is time for it; all others are parked meanwhile. */
export async function beginProbe(
  ctx: Context,
  delivery: WaitingDelivery,
  { name, timeout }: SubscriberConfig,
): Promise<boolean> {
  const nextInMs = Math.max(ctx.pausing.probeEveryMs, timeout + SPARE_MS)
  const claimed = await ctx.db.withService(delivery.group_id, async (tx) => {
    if (await claimProbe(tx, name, nextInMs)) {
      await insertOperationalEvent(tx, {
        event_type: 'subscriber_probed',
        subject: name,
        actor: systemActor('webhook-worker'),
        event_data: { delivery_id: delivery.id },
      })
      return true
    }
    await parkMessage(tx, 'deliver_webhook', delivery.id)
    return false
  })
  if (!claimed) return false
  ctx.metrics.transitions.inc({ transition: 'probed' })
  ctx.log.info({ subscriber: name, delivery_id: delivery.id }, 'a paused subscriber is probed')
  return true
}
