import type { MessageKind } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** Makes the messages of a lane due now that wait, be it for their next attempt or parked. @returns how many */
export async function bringForwardLane(tx: Tx, kind: MessageKind, lane: string, limit: number): Promise<number> {
  const moved = await tx`
    update outbox set due_at = clock_timestamp()
     where id = any (array(
       select id from outbox
        where kind = ${kind} and lane = ${lane} and leased_until is null and quarantined_at is null
          and due_at > clock_timestamp()
        order by due_at limit ${limit}
        for update skip locked))`
  return moved.count
}
