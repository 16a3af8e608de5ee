import type { Context } from '../context.ts'

export type SubscriberChange = { transition: 'paused' | 'resumed' | 'disabled'; reason: string }

const sentences = {
  paused: 'a subscriber failed for long and is paused',
  resumed: 'a paused subscriber is well again',
  disabled: 'a subscriber is disabled',
} as const

/** Tells of a change of a subscriber after its commit: a log line and a metric, besides the operational event. */
export function reportSubscriberChange(ctx: Context, subscriber: string, change: SubscriberChange | undefined): void {
  if (!change) return
  const { transition, reason } = change
  ctx.metrics.transitions.inc({ transition })
  ctx.log[transition === 'resumed' ? 'info' : 'error']({ subscriber, reason }, sentences[transition])
}
