import type { Db } from '@keepr/db/connect'
import { type Relay, startRelay } from '@keepr/db/outbox/relay'
import { relayBounds } from '@keepr/db/outbox/relay-bounds'
import type { MessageKind, OutboxRow } from '@keepr/db/rows'
import type { Log } from '@keepr/shared/runtime/log'
import { openQueue, type QueueName, type QueueSettings } from '@keepr/shared/runtime/queue'
import type { QueueMessage } from '@keepr/shared/schemas/jobs'

const queueOf = {
  validate_run: 'validation',
  fan_out_events: 'events',
  deliver_webhook: 'deliveries',
} as const satisfies Record<MessageKind, QueueName>

/** Carries messages of every kind from the outbox to the queues, as every service does. */
export function relayQueues(db: Db, settings: QueueSettings & { relayPollInterval: number }, log: Log): Relay {
  const queues = new Map(
    Object.entries(queueOf).map(([kind, name]) => [kind, openQueue(name, settings, { log })] as const),
  )
  const relay = startRelay({
    db,
    publish: async (kind, messages) => (await queues.get(kind)?.addBulk(messages.map(messageOf))) ?? [],
    ...relayBounds,
    pollMs: settings.relayPollInterval,
    onError: (error) => log.warn({ err: error }, 'the relay could not carry messages; it tries again'),
    onQuarantine: ({ id, kind }, reason) =>
      log.error({ message_id: id, kind, reason }, 'a message was set aside: the queue refused it too often'),
  })
  const stop = async () => {
    await relay.stop()
    await Promise.all([...queues.values()].map((queue) => queue.close()))
  }
  return { ...relay, stop, [Symbol.asyncDispose]: stop }
}

const messageOf = ({ id, generation, group_id, refs, traceparent }: OutboxRow): QueueMessage => ({
  message_id: id,
  generation,
  group_id,
  refs,
  ...(traceparent === null ? {} : { traceparent }),
})
