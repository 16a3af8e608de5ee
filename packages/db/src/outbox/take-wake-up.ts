import type { Db } from '../connect.ts'
import type { MessageKind, OutboxRow } from '../rows.ts'
import { commitSoon } from '../transaction.ts'
import { leaseMessages } from './lease-messages.ts'
import { relayBounds } from './relay-bounds.ts'

/** So many at once say that more will follow: whoever did them goes on by itself. */
export const CROWD = 4

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
  const [[next]] = await db.withService(null, (tx, commit) => {
    const leased = Promise.all([
      leaseMessages(tx, { kind, lane, perLane: perLane[kind], together: [lane], limit: 1, leaseMs }),
      commitSoon(tx), // a lease that is forgotten is given again
    ])
    commit()
    return leased
  })
  return next
}
