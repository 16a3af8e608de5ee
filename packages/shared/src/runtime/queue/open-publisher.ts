import type { QueueMessage } from '../../schemas/jobs.ts'
import type { Log } from '../log.ts'
import type { QueueName, QueueSettings } from './backend.ts'
import { openQueue, type QueueHealth, type WakeQueue } from './open-queue.ts'

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
export function openPublisher(settings: QueueSettings, parts: { log: Log }): Publisher {
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
    publish: (kind, messages) => queues[QUEUE_OF[kind]].addBulk(messages.map(queueMessage)),
    health: () => all.map((queue) => queue.health()).find(({ state }) => state === 'degraded') ?? { state: 'ok' },
    queues,
    close,
    [Symbol.asyncDispose]: close,
  }
}

const queueMessage = ({ id, generation, group_id, lane, refs, traceparent }: Leased): QueueMessage => ({
  message_id: id,
  generation,
  group_id,
  lane,
  refs,
  ...(traceparent === null ? {} : { traceparent }),
})
