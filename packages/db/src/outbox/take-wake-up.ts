import type { Db } from '../connect.ts'
import type { MessageKind, OutboxRow } from '../rows.ts'
import { giveBackMessage } from './give-back-message.ts'
import { leaseAtOnce } from './lease-at-once.ts'
import type { Relay, RelayOptions } from './relay.ts'
import { relayBounds } from './relay-bounds.ts'

type Parts = { db: Pick<Db, 'withService'>; relay: Pick<Relay, 'nudgeIn'>; log: Pick<RelayOptions['log'], 'warn'> }

/** So many at once say that more will follow: whoever did them goes on by itself. */
export const CROWD = 8

/** So long more of a group gather: about as long as a wake-up by the queue takes, and the relay lets the events of a submission wait. */
export const GATHERING_MS = 50

/**
 * Leases the next message of a lane of which one worker is woken for many, as a relay does, to who was woken before: while it waits
 * for more to come, nobody else is woken for them, and no job of the queue is needed. @returns undefined where none waits
 */
export async function takeWakeUp(
  db: Pick<Db, 'withService'>,
  kind: MessageKind,
  lane: string,
): Promise<OutboxRow | undefined> {
  const { perLane, leaseMs } = relayBounds
  const [next] = await leaseAtOnce(db, { kind, lane, perLane: perLane[kind], together: [lane], limit: 1, leaseMs })
  return next
}

/** What failed rests for so long: it may fail again, and takes whoever takes it over out of his turns. */
const REST_MS = 1000

/** Gives one back that was not worked off, at best effort: without it the lease ends by itself. */
export async function giveBackWakeUp({ db, relay, log }: Parts, message: OutboxRow): Promise<void> {
  try {
    await db.withService(null, (tx) => giveBackMessage(tx, message, REST_MS))
    relay.nudgeIn(REST_MS)
  } catch (error) {
    log.warn({ err: error, message_id: message.id }, 'a message was not given back; its lease ends by itself')
  }
}
