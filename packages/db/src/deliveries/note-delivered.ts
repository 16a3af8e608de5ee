import { randomUUIDv7 } from 'node:crypto'
import type { Tx } from '../transaction.ts'
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
  const attempts = made
    .map(({ startedAt, ...rest }) => ({ ...rest, id: randomUUIDv7(), at: startedAt.toISOString() }))
    .toSorted((one, other) => (one.delivery_id < other.delivery_id ? -1 : 1)) // locks in one order
  await tx`
    with made as (
      select m.id, m.delivery_id, m.at, m.duration_ms, m.status, m.error, m.response_head
        from jsonb_to_recordset(${tx.json(attempts)}) as m (id uuid, delivery_id uuid, at timestamptz, duration_ms int,
             status int, error text, response_head text)
    ), tried as (
      insert into webhook_attempts (id, group_id, delivery_id, at, duration_ms, status, error, response_head)
      select id, ${group_id}, delivery_id, at, duration_ms, status, error, response_head from made
    ), delivered as (
      update webhook_deliveries d
         set state = 'delivered', attempts = d.attempts + 1, delivered_at = now(), next_attempt_at = null
        from made where d.id = made.delivery_id and d.group_id = ${group_id} and d.state <> 'delivered'
    )
    delete from outbox where kind = 'deliver_webhook' and refs[1] in (select delivery_id from made)`
}
