import type { Context } from '../context.ts'

const SENTENCES = {
  paused: 'a subscriber failed for long and is paused',
  resumed: 'a paused subscriber is well again',
  disabled: 'a subscriber is disabled',
} as const

type Change = { transition: keyof typeof SENTENCES; reason: string }

/** Tells of a change of a subscriber after its commit: a log line and a metric, besides the operational event. */
export function reportSubscriberChange(ctx: Context, subscriber: string, { transition, reason }: Change): void {
  ctx.metrics.transitions.inc({ transition })
  ctx.log[transition === 'resumed' ? 'info' : 'error']({ subscriber, reason }, SENTENCES[transition])
}
