import type { Db } from '../connect.ts'
import type { MessageKind, OutboxRow } from '../rows.ts'
import { freeExpiredLeases } from './free-expired-leases.ts'
import { leaseMessages } from './lease-messages.ts'
import { refuseMessage } from './refuse-message.ts'
import { releaseMessages } from './release-messages.ts'
import { sequenceEvents } from './sequence-events.ts'

/** Hands messages of one kind to the queue. Throws when the queue cannot be reached; else names what it refused. */
export type Publish = (kind: MessageKind, messages: OutboxRow[]) => Promise<{ id: string; reason: string }[]>

export type RelayOptions = {
  db: Pick<Db, 'withService'>
  publish: Publish
  /** In-flight messages of one lane, over all relays, by kind. */
  perLane: Record<MessageKind, number>
  batchSize: number
  leaseMs: number
  pollMs: number
  /** After so many refusals a message is set aside. */
  maxFailures: number
  onError: (error: unknown) => void
  onQuarantine: (message: OutboxRow, reason: string) => void
}

export type Relay = AsyncDisposable & {
  /** There may be something new: called after each commit that wrote a message. */
  nudge(): void
  /** Something will be due in so many milliseconds. */
  nudgeIn(delayMs: number): void
  stop(): Promise<void>
}

const kinds: MessageKind[] = ['validate_run', 'fan_out_events', 'deliver_webhook']

/**
 * Carries messages from the outbox to the queue until stopped. Any number of relays may run. A message is leased and
 * committed first and published after, so no transaction waits for the queue; dying in between costs the lease's time.
 */
export function startRelay(options: RelayOptions): Relay {
  const { db } = options
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
          await db.withService(null, freeExpiredLeases)
        }
        if (await carryOnce(options)) continue
      } catch (error) {
        options.onError(error)
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

/** One round over all kinds. @returns true when there may be more at once */
async function carryOnce(options: RelayOptions): Promise<boolean> {
  const sequenced = await options.db.withService(null, (tx) => sequenceEvents(tx, options.batchSize))
  let more = sequenced === options.batchSize
  for (const kind of kinds) {
    const messages = await options.db.withService(null, (tx) =>
      leaseMessages(tx, { kind, perLane: options.perLane[kind], limit: options.batchSize, leaseMs: options.leaseMs }),
    )
    if (messages.length === 0) continue
    await publishLeased(options, kind, messages)
    more ||= messages.length === options.batchSize
  }
  return more
}

async function publishLeased(
  { db, publish, maxFailures, onQuarantine }: RelayOptions,
  kind: MessageKind,
  messages: OutboxRow[],
) {
  const byId = new Map(messages.map((message) => [message.id, message]))
  let refused: { id: string; reason: string }[]
  try {
    refused = await publish(kind, messages)
  } catch (error) {
    await db.withService(null, (tx) => releaseMessages(tx, [...byId.keys()]))
    throw error
  }
  for (const { id, reason } of refused) {
    const message = byId.get(id)
    const quarantined = await db.withService(null, (tx) => refuseMessage(tx, id, reason, maxFailures))
    if (quarantined && message) onQuarantine(message, reason)
  }
}
