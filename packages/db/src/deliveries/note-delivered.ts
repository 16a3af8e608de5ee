import { randomUUIDv7 } from 'node:crypto'
import type { Tx } from '../transaction.ts'
import { messagesOf } from '../outbox/messages-of.ts'
import type { NewAttempt } from './note-attempt.ts'

/**
 * Records attempts that succeeded, with the end of their deliveries and messages, many in one statement. A delivery that
 * was given up while it was on its way has arrived all the same.
 */
export async function noteDelivered(
  tx: Tx,
  group_id: string,
  made: readonly (NewAttempt & { delivery_id: string })[],
): Promise<void> {
  // Locks are taken in one order: deliveries before messages, as elsewhere, and by their ids.
  const ids = made.map(({ delivery_id }) => delivery_id).toSorted()
  const attempts = made.map(({ startedAt, ...rest }) => ({ ...rest, id: randomUUIDv7(), at: startedAt.toISOString() }))
  // By arrays of ids and not by a join with the attempts: how many those are is unknown to the planner, which would read
  // whole tables for them.
  await tx`
    with tried as (
      insert into webhook_attempts (id, group_id, delivery_id, at, duration_ms, status, error, response_head)
      select m.id, ${group_id}, m.delivery_id, m.at, m.duration_ms, m.status, m.error, m.response_head
        from jsonb_to_recordset(${tx.json(attempts)}) as m (id uuid, delivery_id uuid, at timestamptz, duration_ms int,
             status int, error text, response_head text)
    ), delivered as (
      update webhook_deliveries
         set state = 'delivered', attempts = attempts + 1, delivered_at = now(), next_attempt_at = null
       where id = any (${ids}::uuid[]) and group_id = ${group_id} and state <> 'delivered'
      returning id
    ), ended as (
      delete from outbox where id = any (${messagesOf(tx, { kind: 'deliver_webhook', group_id, refs: tx`${ids}::uuid[]` })})
    )
    select count(*) from delivered`
}
