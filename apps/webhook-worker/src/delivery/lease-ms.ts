import { relayBounds } from '@keepr/db/outbox/relay-bounds'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'

const SPARE_MS = 10_000

/** A lease is longer than an attempt, so that no other worker is woken for what is still on its way. */
export const leaseMsOf = (subscriber: Pick<SubscriberConfig, 'timeout'> | undefined): number =>
  Math.max(relayBounds.leaseMs, (subscriber?.timeout ?? 0) + SPARE_MS)

/** Who holds deliveries that are leased for longer, and dies, would keep a patient subscriber waiting for too long. */
export const LONGEST_HELD_MS = 25_000
