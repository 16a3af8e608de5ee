import type { Db } from '../connect.ts'
import type { LeasedMessage, MessageKind, OutboxRow } from '../rows.ts'
import { analyzeNewTables } from '../analyze-new-tables.ts'
import { commitSoon, type Tx } from '../transaction.ts'
import { freeExpiredLeases } from './free-expired-leases.ts'
import { leaseMessages } from './lease-messages.ts'
import { refuseMessage } from './refuse-message.ts'
import { type RelayBounds, relayBounds } from './relay-bounds.ts'
import { releaseMessages } from './release-messages.ts'
import { type Found, startRounds } from './rounds.ts'

/** Hands messages of one kind to the queue. Throws when the queue cannot be reached; else names what it refused. */
export type Publish = (kind: MessageKind, messages: LeasedMessage[]) => Promise<{ id: string; reason: string }[]>

export type RelayOptions = {
  db: Pick<Db, 'withService'>
  publish: Publish
  pollMs: number
  log: Record<'warn' | 'error', (fields: object, message: string) => void>
  /** Told what became of messages, for metrics. */
  count?: (what: 'relayed' | 'refused' | 'set_aside' | 'lease_expired', messages: number) => void
  /**
   * Types whose waiting runs are published by one worker together: it is woken for one of each group. A service that
   * knows no types leaves it out, and looks for runs seldom: others carry them.
   */
  publishedTogether?: () => readonly string[]
  /** Types whose workers go on with the next run by themselves: few are woken at a time. A service that knows no types wakes few of any. */
  judgedInTurn?: () => readonly string[]
  /** Those that all relays keep to, unless a test needs others. */
  bounds?: RelayBounds
}

export type Relay = AsyncDisposable & {
  /** There may be something new: called after each commit that wrote a message. */
  nudge(): void
  /**
   * Runs were written, whose verdicts will come: a message that was written leased is handed to the queue at once, now that it
   * is committed, and the events wait for those of the verdicts.
   */
  submitted(leased?: LeasedMessage): void
  /** A verdict was stored: its events are to be told of, and more runs may have their turn. */
  judged(): void
  /** Something will be due in so many milliseconds, which is looked for then if that is before the next look. */
  nudgeIn(delayMs: number): void
  stop(): Promise<void>
}

/** Rounds begin no closer to each other: under load each carries more, and a nudge after a rest is followed at once. */
const ROUND_MS = { runs: 10, events: 25 } as const
/** So many of those that rest are named in a line of the log. */
const MOST_TOLD = 10
/** So long the events of a submission wait for those of its verdict: one wake-up is for both. */
const VERDICT_MS = 50

/**
 * Carries messages from the outbox to the queue until stopped. Any number of relays may run. A message is leased and
 * committed first and published after, so no transaction waits for the queue; dying in between costs the lease's time.
 * Runs that are submitted are carried apart from what follows events, so that they do not wait for those.
 */
export function startRelay(options: RelayOptions): Relay {
  const { db, count, pollMs, publishedTogether } = options
  const carry = (kinds: readonly MessageKind[]) => leaseAndCarry(options, kinds)
  const runs = startRounds(options, { everyMs: ROUND_MS.runs, kinds: ['validate_run'], look: carry })
  const events = startRounds(options, { everyMs: ROUND_MS.events, kinds: OF_EVENTS, look: carry })
  const freeLeases = async () => {
    const freed = await db.withService(null, freeExpiredLeases)
    count?.('lease_expired', freed.length)
    const resting = freed.filter(({ rests }) => rests)
    if (resting.length > 0)
      options.log.warn(
        { messages: resting.length, first: resting.slice(0, MOST_TOLD) },
        'nobody finished messages, again and again: one may be what ends its workers, and they rest',
      )
    if (freed.length > 0) nudge()
    return 'nothing' as const
  }
  const analyze = async () => {
    await db.withService(null, analyzeNewTables)
    return 'nothing' as const
  }
  const leases = startRounds(options, { everyMs: pollMs, kinds: [], look: freeLeases })
  const statistics = startRounds(options, { everyMs: pollMs, kinds: [], look: analyze })
  const timers = new Set<NodeJS.Timeout>()
  const nudge = () => {
    if (publishedTogether) runs.nudge(['validate_run'])
    events.nudge(OF_EVENTS)
  }
  const later = (delayMs: number, look: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      look()
    }, delayMs)
    timers.add(timer)
  }
  let eventsWait = false
  const handing = new Set<Promise<void>>()
  const handOver = (message: LeasedMessage) => {
    const handed = publishLeased(options, [message])
      .catch((error: unknown) =>
        options.log.warn({ err: error }, 'a message was not handed over; the relay carries it'),
      )
      .finally(() => handing.delete(handed))
    handing.add(handed)
  }
  const lookSoon = () => {
    if (eventsWait) return
    eventsWait = true
    later(VERDICT_MS, () => {
      eventsWait = false
      events.nudge(['fan_out_events'])
    })
  }
  const stop = async () => {
    for (const timer of timers) clearTimeout(timer)
    await Promise.all([...handing, ...[runs, events, leases, statistics].map((rounds) => rounds.stop())])
  }
  return {
    nudge,
    submitted(leased) {
      if (leased) handOver(leased)
      else runs.nudge(['validate_run'])
      lookSoon()
    },
    judged: () => events.nudge(['fan_out_events', 'validate_run']),
    nudgeIn(delayMs) {
      if (delayMs < pollMs) later(delayMs, nudge) // a timer for each of a long backlog's tries would fill the memory
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** What follows events. */
const OF_EVENTS = ['fan_out_events', 'deliver_webhook'] as const satisfies MessageKind[]

async function leaseAndCarry(options: RelayOptions, kinds: readonly MessageKind[]): Promise<Found> {
  const leased = await options.db.withService(null, (tx, commit) => {
    const leasing = Promise.all(kinds.map((kind) => lease(tx, options, kind)))
    const soon = commitSoon(tx)
    commit()
    return Promise.all([leasing, soon])
  })
  return await carry(options, leased[0])
}

const batchSizeOf = ({ bounds = relayBounds }: RelayOptions) => bounds.batchSize

/** Hands leased messages to the queue, the kinds beside each other. */
async function carry(options: RelayOptions, leased: readonly OutboxRow[][]): Promise<Found> {
  const published = await Promise.allSettled(leased.map((messages) => publishLeased(options, messages)))
  const failed = published.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
  const most = Math.max(0, ...leased.map(({ length }) => length))
  return most === 0 ? 'nothing' : most < batchSizeOf(options) ? 'some' : 'more'
}

function lease(tx: Tx, { bounds = relayBounds, publishedTogether, judgedInTurn }: RelayOptions, kind: MessageKind) {
  const together = {
    validate_run: publishedTogether?.() ?? [],
    fan_out_events: ['events'],
    deliver_webhook: [],
  } satisfies Record<MessageKind, readonly string[]>
  const { perLane, wakesPerLane, batchSize: limit, leaseMs } = bounds
  const inTurn = { lanes: kind === 'validate_run' ? judgedInTurn?.() : [], wakes: wakesPerLane }
  return leaseMessages(tx, { kind, perLane: perLane[kind], inTurn, together: together[kind], limit, leaseMs })
}

async function publishLeased(
  { db, publish, log, count, bounds = relayBounds }: RelayOptions,
  messages: LeasedMessage[],
) {
  const [first] = messages
  if (!first) return
  const { kind } = first
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
