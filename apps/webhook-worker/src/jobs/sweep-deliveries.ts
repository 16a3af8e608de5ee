import { listForgottenDeliveries } from '@keepr/db/deliveries/list-forgotten-deliveries'
import { listGroupsWaiting } from '@keepr/db/deliveries/list-groups-waiting'
import { listSubscribersWaitedFor } from '@keepr/db/deliveries/list-subscribers-waited-for'
import { pruneDeliveries } from '@keepr/db/deliveries/prune-deliveries'
import { deleteOldOperationalEvents } from '@keepr/db/operational-events/delete-old-operational-events'
import { bringForwardParked } from '@keepr/db/outbox/bring-forward-parked'
import { rescheduleMessage } from '@keepr/db/outbox/reschedule-message'
import { wakeProbes } from '@keepr/db/outbox/wake-probes'
import type { SubscriberRow } from '@keepr/db/rows'
import { listSubscriberStates } from '@keepr/db/subscribers/list-subscriber-states'
import type { Context } from '../context.ts'
import { settleAsMissed } from './settle-as-missed.ts'

const BATCH = 500
/** Deliveries that are looked at in one sweep: a million of them in an hour. */
const LOOKED_AT = 5000
const FIRST = '00000000-0000-0000-0000-000000000000'
const PARKED_BATCH = 5000
const PRUNED_BATCHES = 40

/**
 * Finds what nothing else would wake: pending deliveries without a message, paused subscribers whose probe is due, and
 * deliveries whose subscriber will not be called; and removes what is past its retention.
 */
export function sweepDeliveries(ctx: Context): () => Promise<void> {
  let after = FIRST
  return async () => {
    after = (await sweepOnce(ctx, after)) ?? FIRST
  }
}

/** @returns which delivery was looked at last, if there are more */
async function sweepOnce(ctx: Context, after: string): Promise<string | undefined> {
  const { waitedFor, states, woken, last } = await ctx.db.withService(null, async (tx) => {
    const { forgotten, last } = await listForgottenDeliveries(tx, after, LOOKED_AT)
    for (const { id, group_id, subscriber } of forgotten) {
      ctx.log.warn({ delivery_id: id, subscriber }, 'a pending delivery had no message and gets a new one')
      await rescheduleMessage(tx, { kind: 'deliver_webhook', lane: subscriber, group_id, refs: [id], delayMs: 0 })
    }
    const woken = (await bringForwardParked(tx, PARKED_BATCH)) + (await wakeProbes(tx))
    await deleteOldOperationalEvents(tx, ctx.retention.operationalEventsMs, BATCH)
    return { waitedFor: await listSubscribersWaitedFor(tx), states: await listSubscriberStates(tx), woken, last }
  })
  if (woken > 0) ctx.relay.nudge()
  await prune(ctx)
  for (const subscriber of waitedFor) await missWhatWillNotBeSent(ctx, subscriber, states)
  return last
}

/** As fast as deliveries are made, which one batch for each sweep would not be; each batch is a transaction of its own. */
async function prune(ctx: Context) {
  for (let n = 0; n < PRUNED_BATCHES; n++) {
    if (!(await ctx.db.withService(null, (tx) => pruneDeliveries(tx, ctx.retention, BATCH)))) return
  }
}

async function missWhatWillNotBeSent(ctx: Context, subscriber: string, states: readonly SubscriberRow[]) {
  const known = ctx.subscribers().some(({ name }) => name === subscriber)
  const state = states.find(({ name }) => name === subscriber)?.state ?? 'active'
  if (known && state === 'active') return
  const [olderThanMs, why] = !known
    ? [ctx.unknownGraceMs, 'the subscriber was removed']
    : state === 'disabled'
      ? [0, 'the subscriber is disabled']
      : [scheduleMs(ctx), 'the subscriber was paused for as long as deliveries are tried']
  const groups = await ctx.db.withService(null, (tx) => listGroupsWaiting(tx, subscriber, olderThanMs))
  for (const group_id of groups) await settleAsMissed(ctx, { group_id, subscriber, olderThanMs, why })
}

/** How long a delivery is tried in all. */
const scheduleMs = ({ schedule }: Context): number => schedule.reduce((sum, delay) => sum + delay, 0)
