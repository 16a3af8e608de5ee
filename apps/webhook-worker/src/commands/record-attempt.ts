import { type NewAttempt, noteAttempt } from '@keepr/db/deliveries/note-attempt'
import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { finishMessage } from '@keepr/db/outbox/finish-message'
import { parkMessage } from '@keepr/db/outbox/park-message'
import { rescheduleMessage } from '@keepr/db/outbox/reschedule-message'
import { noteOnSpan } from '@keepr/shared/runtime/tracing'
import type { Context } from '../context.ts'
import type { DeliveryDesk } from '../delivery-desk.ts'
import { type DeliveryOutcome, outcomeOf } from '../delivery/outcome.ts'
import type { Sent } from '../delivery/send.ts'
import { noteSubscriberWell } from './note-subscriber-well.ts'
import { reportSubscriberChange, type SubscriberChange } from './report-subscriber-change.ts'
import { noteSubscriberIll } from './note-subscriber-ill.ts'

type Made = { delivery: WaitingDelivery; sent: Sent; probe: boolean; takesNext: boolean }
/** Whether its subscriber took it, and the next one, if it was taken over. */
export type MadeDelivery = { delivered: boolean; next?: WaitingDelivery | undefined }
type Failure = Exclude<DeliveryOutcome, { kind: 'delivered' }>

/**
 * Records an attempt in one transaction with what follows from it: the delivery's end, its next try, or the end of the
 * subscriber. Dying before it means one more attempt under the same webhook-id.
 */
export async function recordAttempt(
  ctx: Context,
  desk: Pick<DeliveryDesk, 'close'>,
  made: Made,
): Promise<MadeDelivery> {
  const { delivery, sent } = made
  const outcome = outcomeOf(
    sent.status === null ? { error: sent.error ?? 'unknown' } : { status: sent.status, retryAfter: sent.retryAfter },
    { attempts: delivery.attempts + 1, schedule: ctx.schedule, now: ctx.now(), random: ctx.random() },
  )
  const attempt: NewAttempt = {
    startedAt: sent.startedAt,
    duration_ms: sent.durationMs,
    status: sent.status,
    error: sent.error,
    response_head: sent.responseHead,
  }
  if (outcome.kind !== 'delivered') {
    reportSubscriberChange(ctx, delivery.subscriber, await recordFailure(ctx, made, attempt, outcome))
    if (outcome.kind === 'retry' && !made.probe) ctx.relay.nudgeIn(outcome.inMs)
    report(ctx, made, outcome)
    return { delivered: false }
  }
  const { id: delivery_id, group_id, subscriber } = delivery
  // Nothing was wrong with nearly all of them: they cost no look at the subscriber. A probe's next one is due only then.
  const wasIll = made.probe || delivery.failing
  const next = await desk.close({ ...attempt, delivery_id, group_id, subscriber, takesNext: made.takesNext && !wasIll })
  if (wasIll) await noteSubscriberWell(ctx, subscriber)
  report(ctx, made, outcome)
  return { delivered: true, next }
}

async function recordFailure(
  ctx: Context,
  { delivery, sent, probe }: Made,
  attempt: NewAttempt,
  outcome: Failure,
): Promise<SubscriberChange | undefined> {
  const reason = sent.error ?? `it answered ${sent.status}`
  return await ctx.db.withService(delivery.group_id, async (tx) => {
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
    return await noteSubscriberIll(tx, ctx, { delivery, gone: outcome.kind === 'gone', reason })
  })
}

function stateAfter(outcome: Failure) {
  switch (outcome.kind) {
    case 'gone':
      return { state: 'missed' as const }
    case 'exhausted':
      return { state: 'exhausted' as const }
    case 'retry':
      return { state: 'pending' as const, inMs: outcome.inMs }
  }
}

function report(ctx: Context, { delivery, sent, probe }: Made, outcome: DeliveryOutcome): void {
  noteOnSpan({ 'keepr.outcome': outcome.kind })
  ctx.metrics.attempts.inc({ subscriber: delivery.subscriber, outcome: outcome.kind })
  ctx.metrics.duration.observe({ subscriber: delivery.subscriber }, sent.durationMs / 1000)
  const fields = {
    delivery_id: delivery.id,
    event_id: delivery.event_id,
    subscriber: delivery.subscriber,
    outcome: outcome.kind,
    status: sent.status,
    error: sent.error,
    duration_ms: sent.durationMs,
    probe,
  }
  if (outcome.kind === 'delivered') ctx.log.info(fields, 'a webhook was delivered')
  else ctx.log.warn(fields, 'a webhook was not delivered')
}
