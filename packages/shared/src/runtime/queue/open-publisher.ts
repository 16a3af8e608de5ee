import type { QueueMessage } from '../../schemas/jobs.ts'
import type { Log } from '../log.ts'
import type { QueueName, QueueSettings } from './backend.ts'
import { type BegunSpan, beginSpan } from '../tracing.ts'
import { openQueue, tellQueues, type WakeQueue } from './open-queue.ts'
import type { QueueHealth } from './tell-health.ts'

/** Which queue carries which kind of outbox message. */
export const QUEUE_OF = {
  validate_run: 'validation',
  fan_out_events: 'events',
  deliver_webhook: 'deliveries',
} as const satisfies Record<string, QueueName>

/** A leased message of the outbox, as far as the queue is concerned. */
type Leased = {
  id: string
  generation: number
  group_id: string
  lane: string
  refs: string[]
  traceparent: string | null
}

export type Publisher = AsyncDisposable & {
  /** For the relay: hands messages to the queue of their kind. */
  publish(kind: keyof typeof QUEUE_OF, messages: readonly Leased[]): Promise<{ id: string; reason: string }[]>
  health(): QueueHealth
  queues: Readonly<Record<QueueName, WakeQueue>>
  close(): Promise<void>
}

/** All three queues, to add to: what a relay of any service publishes with. */
export function openPublisher(settings: QueueSettings, { log }: { log: Log }): Publisher {
  const parts = { log, tell: tellQueues(log) }
  const queues = {
    validation: openQueue('validation', settings, parts),
    events: openQueue('events', settings, parts),
    deliveries: openQueue('deliveries', settings, parts),
  }
  const all = Object.values(queues)
  const close = async () => {
    await Promise.all(all.map((queue) => queue.close()))
  }
  return {
    publish: (kind, messages) => publishTraced(queues[QUEUE_OF[kind]], kind, messages),
    health: () => all.map((queue) => queue.health()).find(({ state }) => state === 'degraded') ?? { state: 'ok' },
    queues,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Hands messages over, each in a span of the trace that it belongs to: the queue carries that on. */
async function publishTraced(queue: WakeQueue, kind: keyof typeof QUEUE_OF, messages: readonly Leased[]) {
  const spans = messages.map((message) => relaySpan(kind, message))
  let failure: unknown
  try {
    return await queue.addBulk(messages.map((message, index) => queueMessage(message, spans[index]?.traceparent)))
  } catch (error) {
    failure = error
    throw error
  } finally {
    for (const span of spans) span.end(failure)
  }
}

const relaySpan = (kind: keyof typeof QUEUE_OF, { id, lane, traceparent }: Leased): BegunSpan =>
  beginSpan(`relay ${kind}`, {
    kind: 'producer',
    parent: traceparent,
    attributes: { 'messaging.destination.name': QUEUE_OF[kind], 'messaging.message.id': id, 'keepr.lane': lane },
  })

const queueMessage = (
  { id, generation, group_id, lane, refs }: Leased,
  traceparent: string | undefined,
): QueueMessage => ({
  message_id: id,
  generation,
  group_id,
  lane,
  refs,
  ...(traceparent === undefined ? {} : { traceparent }),
})
