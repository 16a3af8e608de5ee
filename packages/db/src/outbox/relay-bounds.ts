import type { MessageKind } from '../rows.ts'

export type RelayBounds = {
  /** In-flight messages of one lane, over all relays. */
  readonly perLane: Readonly<Record<MessageKind, number>>
  /** Runs of a type that is judged in turn, in flight, that workers were woken for within a second: those at work take others over. */
  readonly wakesPerLane: number
  readonly batchSize: number
  readonly leaseMs: number
  /** After so many refusals by the queue a message is set aside. */
  readonly maxFailures: number
}

/**
 * What every relay keeps to, whichever service it runs in. A lane's bound counts what all relays have in flight, so it holds
 * only if it is the same for all of them. A hanging subscriber must not fill a worker (WEBHOOK_CONCURRENCY).
 */
export const relayBounds: RelayBounds = {
  perLane: { validate_run: 256, fan_out_events: 64, deliver_webhook: 16 },
  wakesPerLane: 32,
  batchSize: 200,
  leaseMs: 20_000,
  maxFailures: 20,
}

/** The lease of who is at work: longer than a relay's, which tells by that what it has woken workers for within a second. */
export const AT_WORK_MS = relayBounds.leaseMs + 2000
