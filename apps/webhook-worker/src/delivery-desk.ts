import { findWaitingDeliveries, type WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import type { NewAttempt } from '@keepr/db/deliveries/note-attempt'
import { noteDelivered } from '@keepr/db/deliveries/note-delivered'
import { finishMessage } from '@keepr/db/outbox/finish-message'
import { leaseMessages } from '@keepr/db/outbox/lease-messages'
import { relayBounds } from '@keepr/db/outbox/relay-bounds'
import type { Context } from './context.ts'
import { gathered } from './gathered.ts'

export type Delivered = NewAttempt & { delivery_id: string; group_id: string }

/** What every delivery needs of the database, for many at a time. */
export type DeliveryDesk = {
  /** The delivery that a message asks for; undefined when there is nothing left to do, and the message is ended. */
  open(message: { group_id: string; id: string }): Promise<WaitingDelivery | undefined>
  /** Records that a delivery was made, and ends its message. */
  close(delivered: Delivered): Promise<void>
  /** The next delivery of a subscriber that is due, taken over without a detour through the queue. */
  next(subscriber: string): Promise<WaitingDelivery | undefined>
}

/** Longer than an attempt, so that no other worker is woken for what is still on its way. */
const LEASE_SPARE_MS = 10_000

export function createDeliveryDesk({ db, subscribers }: Pick<Context, 'db' | 'subscribers'>): DeliveryDesk {
  const leaseMsOf = (name: string) => {
    const timeout = subscribers().find((subscriber) => subscriber.name === name)?.timeout ?? 0
    return Math.max(relayBounds.leaseMs, timeout + LEASE_SPARE_MS)
  }
  return {
    open: gathered(
      ({ group_id }) => group_id,
      (group_id, items) =>
        db.withService(group_id, async (tx) => {
          const found = await findWaitingDeliveries(
            tx,
            items.map(({ id }) => id),
          )
          const byId = new Map(found.map((delivery) => [delivery.id, delivery]))
          for (const { id } of items) if (!byId.has(id)) await finishMessage(tx, 'deliver_webhook', id)
          return items.map(({ id }) => byId.get(id))
        }),
    ),
    close: gathered(
      ({ group_id }) => group_id,
      async (group_id, items) => {
        await db.withService(group_id, (tx) => noteDelivered(tx, group_id, items))
        return items.map(() => undefined)
      },
    ),
    next: gathered(
      (subscriber) => subscriber,
      (subscriber, asked) =>
        db.withService(null, async (tx) => {
          const leased = await leaseMessages(tx, {
            kind: 'deliver_webhook',
            lane: subscriber,
            perLane: relayBounds.perLane.deliver_webhook,
            limit: asked.length,
            leaseMs: leaseMsOf(subscriber),
          })
          // One that is not pending any more keeps its message: the relay brings it when the lease ends, and `open` ends it.
          const found = await findWaitingDeliveries(
            tx,
            leased.flatMap(({ refs }) => refs.slice(0, 1)),
          )
          return asked.map((_one, index) => found[index])
        }),
    ),
  }
}
