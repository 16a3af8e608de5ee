import { countPendingDeliveries } from '@keepr/db/deliveries/count-pending-deliveries'
import { listSubscriberStates } from '@keepr/db/subscribers/list-subscriber-states'
import { SUBSCRIBER_STATES } from '@keepr/shared/domain/webhooks'
import type { Context } from '../context.ts'

// All are shown from the start, so that the first one is a change.
const OUTCOMES = ['delivered', 'retry', 'exhausted', 'gone'] as const
const TRANSITIONS = ['paused', 'probed', 'resumed', 'disabled'] as const

/** Measures how the configured subscribers do, and what they have still to get. */
export async function sampleDeliveries(ctx: Context): Promise<void> {
  const { subscribers, pending, oldestPending, attempts, transitions } = ctx.metrics
  for (const gauge of [subscribers, pending, oldestPending]) gauge.reset()
  const { waiting, states } = await ctx.db.withService(null, async (tx) => ({
    waiting: await countPendingDeliveries(tx),
    states: await listSubscriberStates(tx),
  }))
  const names = ctx.subscribers().map(({ name }) => name)
  const stateOf = (name: string) => states.find((row) => row.name === name)?.state ?? 'active'
  for (const state of SUBSCRIBER_STATES)
    subscribers.set({ state }, names.filter((name) => stateOf(name) === state).length)
  for (const transition of TRANSITIONS) transitions.inc({ transition }, 0)
  for (const subscriber of names) {
    for (const outcome of OUTCOMES) attempts.inc({ subscriber, outcome }, 0)
    const found = waiting.find((row) => row.subscriber === subscriber)
    pending.set({ subscriber }, found?.deliveries ?? 0)
    oldestPending.set({ subscriber }, found?.oldest_s ?? 0)
  }
}
