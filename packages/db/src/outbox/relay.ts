import type { Db } from '../connect.ts'
import type { MessageKind, OutboxRow } from '../rows.ts'
import { freeExpiredLeases } from './free-expired-leases.ts'
import { leaseMessages } from './lease-messages.ts'
import { refuseMessage } from './refuse-message.ts'
import { type RelayBounds, relayBounds } from './relay-bounds.ts'
import { releaseMessages } from './release-messages.ts'
import { sequenceEvents } from './sequence-events.ts'

/** Hands messages of one kind to the queue. Throws when the queue cannot be reached; else names what it refused. */
export type Publish = (kind: MessageKind, messages: OutboxRow[]) => Promise<{ id: string; reason: string }[]>

export type RelayOptions = {
  db: Pick<Db, 'withService'>
  publish: Publish
  pollMs: number
  log: Record<'warn' | 'error', (fields: object, message: string) => void>
  /** Told what became of messages, for metrics. */
  count?: (what: 'relayed' | 'refused' | 'set_aside' | 'lease_expired', messages: number) => void
  /** Those that all relays keep to, unless a test needs others. */
  bounds?: RelayBounds
}

export type Relay = AsyncDisposable & {
  /** There may be something new: called after each commit that wrote a message. */
  nudge(): void
  /** Something will be due in so many milliseconds. */
  nudgeIn(delayMs: number): void
  stop(): Promise<void>
}

/** Another relay gives events their place; it may have begun before the last of them was committed. */
const SEQUENCER_PAUSE_MS = 25

const kinds: MessageKind[] = ['validate_run', 'fan_out_events', 'deliver_webhook']

/**
 * Carries messages from the outbox to the queue until stopped. Any number of relays may run. A message is leased and
 * committed first and published after, so no transaction waits for the queue; dying in between costs the lease's time.
 */
export function startRelay(options: RelayOptions): Relay {
  const { db, log } = options
  const stopping = Promise.withResolvers<void>()
  let stopped = false
  let nudged = Promise.withResolvers<void>()
  const timers = new Set<NodeJS.Timeout>()

  const nudge = () => nudged.resolve()
  const after = (delayMs: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        timers.delete(timer)
        resolve()
      }, delayMs)
      timers.add(timer)
    })

  async function run() {
    let nextSweepAt = 0
    while (!stopped) {
      nudged = Promise.withResolvers()
      let pauseMs = options.pollMs
      try {
        if (Date.now() >= nextSweepAt) {
          nextSweepAt = Date.now() + options.pollMs
          const expired = await db.withService(null, freeExpiredLeases)
          options.count?.('lease_expired', expired)
        }
        const left = await carryOnce(options)
        if (left === 'more') continue
        if (left === 'events of others') pauseMs = Math.min(pauseMs, SEQUENCER_PAUSE_MS)
      } catch (error) {
        log.warn({ err: error }, 'the relay cannot reach the database or the queue; it tries again')
        pauseMs = Math.max(options.pollMs, 1000)
        await Promise.race([after(pauseMs), stopping.promise])
        continue
      }
      await Promise.race([nudged.promise, after(pauseMs), stopping.promise])
    }
  }

  const running = run()
  const stop = async () => {
    stopped = true
    stopping.resolve()
    await running
    for (const timer of timers) clearTimeout(timer)
  }
  return {
    nudge,
    nudgeIn: (delayMs) => void after(Math.min(delayMs, 2 ** 31 - 1)).then(nudge),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** One round over all kinds. @returns what may be left to carry at once */
async function carryOnce(options: RelayOptions): Promise<'nothing' | 'more' | 'events of others'> {
  const { db, bounds = relayBounds } = options
  const { perLane, batchSize: limit, leaseMs } = bounds
  const sequenced = await db.withService(null, (tx) => sequenceEvents(tx, limit))
  let more = sequenced === limit
  for (const kind of kinds) {
    const messages = await db.withService(null, (tx) =>
      leaseMessages(tx, { kind, perLane: perLane[kind], limit, leaseMs }),
    )
    if (messages.length === 0) continue
    await publishLeased(options, kind, messages)
    more ||= messages.length === limit
  }
  if (more) return 'more'
  return sequenced === undefined ? 'events of others' : 'nothing'
}

async function publishLeased(
  { db, publish, log, count, bounds = relayBounds }: RelayOptions,
  kind: MessageKind,
  messages: OutboxRow[],
) {
  let refused: { id: string; reason: string }[]
  try {
    refused = await publish(kind, messages)
  } catch (error) {
    await db.withService(null, (tx) =>
      releaseMessages(
        tx,
        messages.map(({ id }) => id),
      ),
    )
    throw error
  }
  count?.('relayed', messages.length - refused.length)
  count?.('refused', refused.length)
  for (const { id, reason } of refused) {
    const quarantined = await db.withService(null, (tx) => refuseMessage(tx, id, reason, bounds.maxFailures))
    if (!quarantined) continue
    log.error({ message_id: id, kind, reason }, 'a message was set aside: the queue refused it too often')
    count?.('set_aside', 1)
  }
}
