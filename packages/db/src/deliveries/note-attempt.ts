import { randomUUIDv7 } from 'node:crypto'
import type { AttemptRow, DeliveryRow, DeliveryState } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type NewAttempt = Pick<AttemptRow, 'duration_ms' | 'status' | 'error' | 'response_head'> & { startedAt: Date }

/**
 * Records a failed attempt and what became of the delivery: a delivery that is no longer pending (the job ran twice, or
 * it was given up meanwhile) keeps its state. An attempt that is not `counted`, a probe, uses up none of the schedule.
 * @returns false when nothing was pending any more
 */
export async function noteAttempt(
  tx: Tx,
  delivery: Pick<DeliveryRow, 'id' | 'group_id'>,
  attempt: NewAttempt,
  next: { state: Exclude<DeliveryState, 'delivered'>; inMs?: number; counted: boolean },
): Promise<boolean> {
  const [updated] = await Promise.all([
    tx`
      update webhook_deliveries
         set state = ${next.state},
             attempts = attempts + ${next.counted ? 1 : 0},
             next_attempt_at = now() + make_interval(secs => ${next.inMs === undefined ? null : next.inMs / 1000}::float8)
       where id = ${delivery.id} and group_id = ${delivery.group_id} and state = 'pending'`,
    tx`
      insert into webhook_attempts (id, group_id, delivery_id, at, duration_ms, status, error, response_head)
      values (${randomUUIDv7()}, ${delivery.group_id}, ${delivery.id}, ${attempt.startedAt}, ${attempt.duration_ms},
              ${attempt.status}, ${attempt.error}, ${attempt.response_head})`,
  ])
  return updated.count > 0
}
