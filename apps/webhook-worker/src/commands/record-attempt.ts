import { noteAttempt } from '@keepr/db/deliveries/note-attempt'
import { finishMessage } from '@keepr/db/outbox/finish-message'
import { rescheduleMessage } from '@keepr/db/outbox/reschedule-message'
import type { DeliveryRow } from '@keepr/db/rows'
import { disableSubscriber, noteSubscriberAlive, noteSubscriberFailing } from '@keepr/db/subscribers/subscriber-state'
import type { Context } from '../context.ts'
import { type DeliveryOutcome, outcomeOf } from '../delivery/outcome.ts'
import type { Sent } from '../delivery/send.ts'

const PAUSE_AFTER_MS = 3 * 24 * 3_600_000
const PROBE_EVERY_MS = 15 * 60_000

/**
 * Records an attempt in one transaction with what follows from it: the delivery's end, its next try, or the end of the
 * subscriber. Dying before it means one more attempt under the same webhook-id.
 */
export async function recordAttempt(ctx: Context, delivery: DeliveryRow, sent: Sent): Promise<DeliveryOutcome> {
  const outcome = outcomeOf(
    sent.status === null ? { error: sent.error ?? 'unknown' } : { status: sent.status, retryAfter: sent.retryAfter },
    { attempts: delivery.attempts + 1, schedule: ctx.schedule, now: ctx.now(), random: ctx.random() },
  )
  const attempt = {
    startedAt: sent.startedAt,
    duration_ms: sent.durationMs,
    status: sent.status,
    error: sent.error,
    response_head: sent.responseHead,
  }
  const paused = await ctx.db.withService(delivery.group_id, async (tx) => {
    const recorded = await noteAttempt(tx, delivery, attempt, stateAfter(outcome))
    if (recorded && outcome.kind === 'retry')
      await rescheduleMessage(tx, {
        kind: 'deliver_webhook',
        lane: delivery.subscriber,
        group_id: delivery.group_id,
        refs: [delivery.id],
        delayMs: outcome.inMs,
      })
    else await finishMessage(tx, 'deliver_webhook', delivery.id)
    if (outcome.kind === 'delivered') await noteSubscriberAlive(tx, delivery.subscriber)
    else if (outcome.kind === 'gone') await disableSubscriber(tx, delivery.subscriber, 'it answered 410 Gone')
    else {
      const reason = sent.error ?? `it answered ${sent.status}`
      return await noteSubscriberFailing(tx, delivery.subscriber, {
        pauseAfterMs: PAUSE_AFTER_MS,
        probeEveryMs: PROBE_EVERY_MS,
        reason,
      })
    }
    return { paused: false }
  })
  report(ctx, delivery, sent, outcome, paused.paused)
  if (outcome.kind === 'retry') ctx.relay.nudgeIn(outcome.inMs)
  return outcome
}

function stateAfter(outcome: DeliveryOutcome): Parameters<typeof noteAttempt>[3] {
  switch (outcome.kind) {
    case 'delivered':
      return { state: 'delivered' }
    case 'gone':
      return { state: 'missed' }
    case 'exhausted':
      return { state: 'exhausted' }
    case 'retry':
      return { state: 'pending', inMs: outcome.inMs }
  }
}

function report(ctx: Context, delivery: DeliveryRow, sent: Sent, outcome: DeliveryOutcome, paused: boolean): void {
  ctx.metrics.attempts.inc({ outcome: outcome.kind })
  ctx.metrics.duration.observe(sent.durationMs / 1000)
  const fields = {
    delivery_id: delivery.id,
    event_id: delivery.event_id,
    subscriber: delivery.subscriber,
    outcome: outcome.kind,
    status: sent.status,
    error: sent.error,
    duration_ms: sent.durationMs,
  }
  if (outcome.kind === 'delivered') ctx.log.info(fields, 'a webhook was delivered')
  else ctx.log.warn({ ...fields, paused }, 'a webhook was not delivered')
}
