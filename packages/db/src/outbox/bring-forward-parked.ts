import type { Tx } from '../transaction.ts'

/**
 * Makes parked deliveries due whose subscriber is not paused any more: they were parked just while it was resumed, or
 * were too many to be brought forward with it. @returns how many
 */
export async function bringForwardParked(tx: Tx, limit: number): Promise<number> {
  const moved = await tx`
    update outbox set due_at = clock_timestamp()
     where id = any (array(
       select parked.id from webhook_subscribers s, lateral (
           select o.id from outbox o
            where o.kind = 'deliver_webhook' and o.lane = s.name and o.leased_until is null and o.quarantined_at is null
              and o.due_at > statement_timestamp() + interval '10 years'
            limit ${limit} for update skip locked) parked
        where s.state <> 'paused' limit ${limit}))`
  return moved.count
}
