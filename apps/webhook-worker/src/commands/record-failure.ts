import { type NewAttempt, noteAttempt } from '@keepr/db/deliveries/note-attempt'
import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { finishMessage } from '@keepr/db/outbox/finish-message'
import { parkMessage } from '@keepr/db/outbox/park-message'
import { rescheduleMessage } from '@keepr/db/outbox/reschedule-message'
import type { Tx } from '@keepr/db/transaction'
import type { Context } from '../context.ts'
import type { DeliveryOutcome } from '../delivery/outcome.ts'
import { noteSubscriberIll, type SubscriberChange } from './note-subscriber-ill.ts'

export type Failed = {
  delivery: WaitingDelivery
  attempt: NewAttempt
  outcome: Exclude<DeliveryOutcome, { kind: 'delivered' }>
  /** It was the probe of a paused subscriber. */
  probe: boolean
}

/**
 * Records an attempt that failed with what follows from it: the next try, the delivery's end, or the end of its subscriber.
 * @returns what became of the subscriber
 */
export async function recordFailure(
  tx: Tx,
  { delivery, attempt, outcome, probe }: Failed,
  pausing: Context['pausing'],
): Promise<SubscriberChange | undefined> {
  // A failed probe uses up nothing of the delivery's schedule: the subscriber was known to be ill.
  const waits = probe && outcome.kind !== 'gone'
  const next = waits ? { state: 'pending' as const, counted: false } : { ...stateAfter(outcome), counted: true }
  const recorded = await noteAttempt(tx, delivery, attempt, next)
  if (recorded && waits) await parkMessage(tx, 'deliver_webhook', delivery.id)
  else if (recorded && outcome.kind === 'retry')
    await rescheduleMessage(tx, {
      kind: 'deliver_webhook',
      lane: delivery.subscriber,
      group_id: delivery.group_id,
      refs: [delivery.id],
      delayMs: outcome.inMs,
    })
  else await finishMessage(tx, { kind: 'deliver_webhook', group_id: delivery.group_id, ref: delivery.id })
  const reason = attempt.error ?? `it answered ${attempt.status}`
  return await noteSubscriberIll(tx, pausing, { delivery, gone: outcome.kind === 'gone', reason })
}

function stateAfter(outcome: Failed['outcome']) {
  switch (outcome.kind) {
    case 'gone':
      return { state: 'missed' as const }
    case 'exhausted':
      return { state: 'exhausted' as const }
    case 'retry':
      return { state: 'pending' as const, inMs: outcome.inMs }
  }
}
