import { findWaitingDeliveries, type WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import type { NewAttempt } from '@keepr/db/deliveries/note-attempt'
import { noteDelivered } from '@keepr/db/deliveries/note-delivered'
import { finishMessage } from '@keepr/db/outbox/finish-message'
import { leaseMessages } from '@keepr/db/outbox/lease-messages'
import { AT_WORK_MS, relayBounds } from '@keepr/db/outbox/relay-bounds'
import { type Commit, commitSoon, type Tx } from '@keepr/db/transaction'
import type { Context } from './context.ts'
import { gathered } from '@keepr/db/gathered'

/** An attempt that succeeded. */
export type Delivered = NewAttempt & {
  delivery_id: string
  group_id: string
  subscriber: string
  /** Whoever made it can make another one. */
  takesNext: boolean
}

/** What every delivery needs of the database, asked for many of them together. */
export type DeliveryDesk = {
  /** The delivery that a message asks for; undefined when there is nothing left to do, and the message is ended. */
  open(message: { group_id: string; id: string }): Promise<WaitingDelivery | undefined>
  /**
   * Records that a delivery was made and ends its message. @returns the next one of its subscriber that is due, taken over
   * without a detour through the queue
   */
  close(delivered: Delivered): Promise<WaitingDelivery | undefined>
}

export function createDeliveryDesk({ db }: Pick<Context, 'db'>): DeliveryDesk {
  async function openAll(tx: Tx, group_id: string, ids: readonly string[]): Promise<(WaitingDelivery | undefined)[]> {
    const found = await findWaitingDeliveries(tx, ids)
    const byId = new Map(found.map((delivery) => [delivery.id, delivery]))
    for (const id of ids) if (!byId.has(id)) await finishMessage(tx, { kind: 'deliver_webhook', group_id, ref: id })
    return ids.map((id) => byId.get(id))
  }

  const takeNext = (tx: Tx, subscriber: string, limit: number) =>
    leaseMessages(tx, {
      kind: 'deliver_webhook',
      lane: subscriber,
      perLane: relayBounds.perLane.deliver_webhook,
      limit,
      leaseMs: AT_WORK_MS,
    })

  async function noteAndTakeNext(tx: Tx, group_id: string, made: readonly Delivered[], commit: Commit) {
    // What is forgotten as the server crashes is delivered once more, under the same webhook-id.
    const noted = Promise.all([noteDelivered(tx, group_id, made), commitSoon(tx)])
    if (!made.some(({ takesNext }) => takesNext)) commit()
    await noted
    const lanes = Map.groupBy(
      made.filter(({ takesNext }) => takesNext),
      ({ subscriber }) => subscriber,
    )
    const taken = await Promise.all([...lanes].map(([subscriber, { length }]) => takeNext(tx, subscriber, length)))
    const ids = (ofOthers: boolean) =>
      taken.flat().flatMap(({ group_id: group, refs }) => ((group !== group_id) === ofOthers ? refs.slice(0, 1) : []))
    const own = ids(false)
    return { opened: own.length === 0 ? [] : await openAll(tx, group_id, own), ofOthers: ids(true) }
  }

  async function closeAll(group_id: string, made: readonly Delivered[]) {
    const { opened, ofOthers } = await db.withService(group_id, (tx, commit) =>
      noteAndTakeNext(tx, group_id, made, commit),
    )
    // Subscribers hear of all groups, and a transaction sees the deliveries of its own only, or of all for one that has none.
    // What is not pending any more keeps its message: the relay brings it when the lease ends, and `open` ends it.
    const found = ofOthers.length === 0 ? [] : await db.withService(null, (tx) => findWaitingDeliveries(tx, ofOthers))
    const next = Map.groupBy(
      [...found, ...opened].filter((delivery) => delivery !== undefined),
      ({ subscriber }) => subscriber,
    )
    return made.map(({ takesNext, subscriber }) => (takesNext ? next.get(subscriber)?.pop() : undefined))
  }

  return {
    open: gathered(
      ({ group_id }) => group_id,
      (group_id, items) =>
        db.withService(group_id, (tx) =>
          openAll(
            tx,
            group_id,
            items.map(({ id }) => id),
          ),
        ),
    ),
    close: gathered(({ group_id }) => group_id, closeAll),
  }
}
