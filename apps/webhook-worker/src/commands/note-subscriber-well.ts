import { insertOperationalEvent } from '@keepr/db/operational-events/insert-operational-event'
import { bringForwardLane } from '@keepr/db/outbox/bring-forward-lane'
import { noteSubscriberAlive } from '@keepr/db/subscribers/note-subscriber-alive'
import { systemActor } from '@keepr/shared/domain/actor'
import type { Context } from '../context.ts'
import { reportSubscriberChange } from './report-subscriber-change.ts'

/** As many as one statement moves; the sweep brings the others. */
const BATCH = 5000

/** A subscriber that failed took a delivery: it is well again, and if it was paused, all that waits for it is due. */
export async function noteSubscriberWell(ctx: Context, name: string): Promise<void> {
  const was = await ctx.db.withService(null, async (tx) => {
    const before = await noteSubscriberAlive(tx, name)
    if (before !== 'paused') return before
    await bringForwardLane(tx, 'deliver_webhook', name, BATCH)
    await insertOperationalEvent(tx, {
      event_type: 'subscriber_resumed',
      subject: name,
      actor: systemActor('webhook-worker'),
      event_data: { reason: 'it took a probe' },
    })
    return before
  })
  if (was !== 'paused') return
  reportSubscriberChange(ctx, name, { transition: 'resumed', reason: 'it took a probe' })
  ctx.relay.nudge()
}
