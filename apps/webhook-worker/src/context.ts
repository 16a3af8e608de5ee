import type { Db } from '@keepr/db/connect'
import type { Relay } from '@keepr/db/outbox/relay'
import type { Log } from '@keepr/shared/runtime/log'
import type { Outbound } from '@keepr/shared/runtime/outbound'
import type { Redactor } from '@keepr/shared/runtime/redactor'
import type { Secrets } from '@keepr/shared/runtime/secrets/secrets'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import type { Slots } from './delivery/slots.ts'
import type { WebhookMetrics } from './webhook-metrics.ts'

/** All that the jobs need; built once by createContext (create-context.ts). */
export type Context = {
  db: Pick<Db, 'withService'>
  log: Log
  metrics: WebhookMetrics
  redactor: Redactor
  secrets: Pick<Secrets, 'resolve'>
  outbound: Pick<Outbound, 'call'>
  /** The configured subscribers as they are now: the file may be reloaded. */
  subscribers: () => readonly SubscriberConfig[]
  relay: Pick<Relay, 'nudge' | 'nudgeIn'>
  slots: Slots
  now: () => number
  /** In [0, 1): spreads retries. */
  random: () => number
  /** Delays after the first, second, … failed attempt, in milliseconds. */
  schedule: readonly number[]
  /** A subscriber that failed for so long is paused, and probed so often. */
  pausing: { afterMs: number; probeEveryMs: number }
  /** A subscriber that this process has not heard of may be new: its configuration may reach others first. */
  unknownGraceMs: number
  retention: { deliveriesMs: number; attemptsMs: number; operationalEventsMs: number }
}
