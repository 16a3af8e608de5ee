import type { NewAttempt } from '@keepr/db/deliveries/note-attempt'
import type { WaitingDelivery } from '@keepr/db/deliveries/find-waiting-deliveries'
import { noteOnSpan } from '@keepr/shared/runtime/tracing'
import { noteSubscriberWell } from '../commands/note-subscriber-well.ts'
import { type Failed, recordFailure } from '../commands/record-failure.ts'
import type { Context } from '../context.ts'
import type { DeliveryDesk } from '../delivery-desk.ts'
import { type DeliveryOutcome, outcomeOf } from '../delivery/outcome.ts'
import type { Sent } from '../delivery/send.ts'
import { reportSubscriberChange } from './report-subscriber-change.ts'

type Made = { delivery: WaitingDelivery; sent: Sent; probe: boolean; takesNext: boolean }
/** Whether its subscriber took it, and the next one, if it was taken over. */
export type MadeDelivery = { delivered: boolean; next?: WaitingDelivery | undefined }

/**
 * Records an attempt in one transaction with what follows from it: the delivery's end, its next try, or the end of the
 * subscriber. Dying before it means one more attempt under the same webhook-id.
 */
export async function recordAttempt(
  ctx: Context,
  desk: Pick<DeliveryDesk, 'close'>,
  made: Made,
): Promise<MadeDelivery> {
  const { delivery, sent, probe } = made
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
  const next =
    outcome.kind === 'delivered'
      ? await closeDelivery(ctx, desk, { ...made, attempt })
      : await closeFailure(ctx, { delivery, attempt, outcome, probe })
  report(ctx, made, outcome)
  return { delivered: outcome.kind === 'delivered', next }
}

async function closeDelivery(
  ctx: Context,
  desk: Pick<DeliveryDesk, 'close'>,
  { delivery, attempt, probe, takesNext }: Made & { attempt: NewAttempt },
): Promise<WaitingDelivery | undefined> {
  const { id: delivery_id, group_id, subscriber } = delivery
  // Nothing was wrong with nearly all of them: they cost no look at the subscriber. A probe's next one is due only then.
  const wasIll = probe || delivery.failing
  const next = await desk.close({ ...attempt, delivery_id, group_id, subscriber, takesNext: takesNext && !wasIll })
  if (!wasIll) return next
  const reason = await ctx.db.withService(null, (tx) => noteSubscriberWell(tx, subscriber))
  if (reason === undefined) return next
  reportSubscriberChange(ctx, subscriber, { transition: 'resumed', reason })
  ctx.relay.nudge()
  return next
}

async function closeFailure(ctx: Context, failed: Failed): Promise<undefined> {
  const { delivery, outcome, probe } = failed
  const change = await ctx.db.withService(delivery.group_id, (tx) => recordFailure(tx, failed, ctx.pausing))
  if (change) reportSubscriberChange(ctx, delivery.subscriber, change)
  if (outcome.kind === 'retry' && !probe) ctx.relay.nudgeIn(outcome.inMs)
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
