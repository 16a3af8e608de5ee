import { randomBytes, randomUUIDv7 } from 'node:crypto'
import type { EventType, JsonObject } from '@keepr/db/rows'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { createLog } from '@keepr/shared/runtime/log'
import { createMetrics } from '@keepr/shared/runtime/metrics'
import { createOutbound } from '@keepr/shared/runtime/outbound'
import { createRedactor } from '@keepr/shared/runtime/redactor'
import type { QueueMessage } from '@keepr/shared/schemas/jobs'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import type { Context } from '../../src/context.ts'
import { createDeliveryDesk } from '../../src/delivery-desk.ts'
import { createDeliveryHand, type DeliveryHand } from '../../src/delivery-hand.ts'
import { createSlots } from '../../src/delivery/slots.ts'
import { deliverWebhook } from '../../src/jobs/deliver-webhook.ts'
import { fanOutEvents } from '../../src/jobs/fan-out-events.ts'
import { sampleDeliveries } from '../../src/jobs/sample-deliveries.ts'
import { sweepDeliveries } from '../../src/jobs/sweep-deliveries.ts'
import { createWebhookMetrics } from '../../src/webhook-metrics.ts'

export const secret = `whsec_${randomBytes(32).toString('base64')}`

/** All deliveries are left to the relay, and made one by one. */
const leftToTheRelay = {
  claim: () => ({
    room: async () => new Set<never>(),
    take: () => {},
    emptied: async () => {},
    [Symbol.dispose]: () => {},
  }),
}

export type Delivery = {
  id: string
  subscriber: string
  state: string
  attempts: number
  webhook_id: string
  payload: string
}
export type TestWorker = AsyncDisposable & {
  ctx: Context
  database: TestDatabase
  /** Log lines, as JSON. */
  logged: Record<string, unknown>[]
  /** Configures the subscribers anew. */
  configure(...subscribers: SubscriberConfig[]): void
  /** An event as a change leaves it, with its message; not fanned out yet. */
  happened(
    event_type: EventType,
    event_data?: JsonObject,
    more?: { group?: string; sequence?: number },
  ): Promise<Happened>
  /** Wakes the worker for one delivery, as the queue does. */
  deliver(id: string, options?: { group?: string; signal?: AbortSignal }): Promise<void>
  /** What is fanned out and delivered goes through it. */
  hand: DeliveryHand
  sweep(): Promise<void>
  deliveriesOf(eventId: string): Promise<Delivery[]>
  /** What a metric says now, by its labels. */
  metric(name: string, labels?: Record<string, string>): Promise<number>
}
type Happened = {
  id: string
  message: QueueMessage
  fanOut(): Promise<void>
  fanOutAndDeliver(): Promise<void>
  delivery(): Promise<Delivery>
}

/** The webhook worker's jobs on a database of their own, called one by one; webhooks go out over real sockets. */
export async function testWorker(changes: Partial<Context> = {}): Promise<TestWorker> {
  const database = await createTestDatabase()
  const redactor = createRedactor()
  const logged: Record<string, unknown>[] = []
  const registry = createMetrics('test')
  let subscribers: readonly SubscriberConfig[] = []
  const ctx: Context = {
    db: database.connectAs('keepr_webhook'),
    log: createLog({
      service: 'webhook-worker',
      level: 'debug',
      pretty: false,
      redactor,
      to: { write: (line) => void logged.push(JSON.parse(line)) },
    }),
    metrics: createWebhookMetrics(registry),
    redactor,
    secrets: { resolve: async (template) => template },
    outbound: createOutbound({ outboundAllowAddresses: ['127.0.0.0/8'], outboundAllowHttp: true }),
    subscribers: () => subscribers,
    relay: { nudge: () => {}, nudgeIn: () => {} },
    slots: createSlots(1024),
    now: Date.now,
    random: () => 0,
    schedule: [1000, 2000],
    pausing: { afterMs: 3 * 24 * 3_600_000, probeEveryMs: 15 * 60_000 },
    unknownGraceMs: 600_000,
    retention: { deliveriesMs: 1e9, attemptsMs: 1e9, operationalEventsMs: 1e9 },
    ...changes,
  }
  const desk = createDeliveryDesk(ctx)
  const work = deliverWebhook(ctx, desk)
  const hand = createDeliveryHand(ctx, desk)
  const never = new AbortController().signal
  const deliveriesOf = async (eventId: string) =>
    await database.admin<Delivery[]>`
      select id, subscriber, state, attempts, webhook_id, payload from webhook_deliveries
       where event_id = ${eventId} order by subscriber`

  return {
    ctx,
    database,
    logged,
    configure: (...configured) => {
      subscribers = configured
    },
    async happened(event_type, event_data = {}, { group = 'acme', sequence = 3 } = {}) {
      const [id, artifactId, messageId] = [randomUUIDv7(), randomUUIDv7(), randomUUIDv7()]
      await database.admin`
        insert into artifact_events (id, group_id, artifact_id, type, name, version, sequence, event_type, event_data, actor,
                                     status, usage_policy, content_hash, created_by, was_published)
        values (${id}, ${group}, ${artifactId}, 'prompt', ${`artifact-${id}`}, '1', ${sequence}, ${event_type},
                ${database.admin.json(event_data)}, 'alice', 'published', 'internal_only', ${'a'.repeat(64)}, 'alice', true)`
      await database.admin`
        insert into outbox (id, kind, lane, group_id, refs, sequenced, leased_until)
        values (${messageId}, 'fan_out_events', 'events', ${group}, ${[id]}::uuid[], true, now() + interval '20 s')`
      const message = { message_id: messageId, generation: 0, group_id: group, refs: [id] }
      return {
        id,
        message,
        fanOut: () => fanOutEvents(ctx, leftToTheRelay)(message),
        fanOutAndDeliver: () => fanOutEvents(ctx, hand)(message),
        async delivery() {
          const [delivery, ...others] = await deliveriesOf(id)
          if (!delivery || others.length > 0) throw new Error(`there are ${others.length} other deliveries`)
          return delivery
        },
      }
    },
    deliver: (id, { group: group_id = 'acme', signal = never } = {}) =>
      work({ message_id: randomUUIDv7(), generation: 0, group_id, refs: [id] }, signal),
    hand,
    sweep: sweepDeliveries(ctx),
    deliveriesOf,
    async metric(name, labels = {}) {
      await sampleDeliveries(ctx)
      const found = await registry.registry.getSingleMetric(name)?.get()
      const wanted = Object.entries(labels)
      const values = (found?.values ?? []) as { value: number; labels: Record<string, unknown> }[] // SAFETY: the client's union of counters and gauges.
      return values
        .filter(({ labels: has }) => wanted.every(([label, value]) => has[label] === value))
        .reduce((sum, { value }) => sum + value, 0)
    },
    async [Symbol.asyncDispose]() {
      await hand.close(1000)
      await database[Symbol.asyncDispose]()
    },
  }
}

/** A subscriber with a name of its own. */
export const aSubscriber = (receiver: { port: number }, changes: Partial<SubscriberConfig> = {}): SubscriberConfig => ({
  name: `subscriber-${randomBytes(4).toString('hex')}`,
  url: `http://127.0.0.1:${receiver.port}/hook`,
  events: ['published', 'blocked', 'rollback'],
  secret,
  headers: {},
  timeout: 2000,
  format: 'standard',
  allow_addresses: [],
  ...changes,
})
