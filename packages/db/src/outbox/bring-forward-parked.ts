import type { Tx } from '../transaction.ts'

/**
 * Makes parked deliveries due whose subscriber is not paused any more: they were parked just while it was resumed, or
 * were too many to be brought forward with it. @returns how many
 */
export async function bringForwardParked(tx: Tx, limit: number): Promise<number> {
  const moved = await tx`
    update outbox set due_at = clock_timestamp()
     where id = any (array(
       select id from outbox
        where kind = 'deliver_webhook' and leased_until is null and quarantined_at is null
          and due_at > clock_timestamp() + interval '10 years'
          and lane not in (select name from webhook_subscribers where state = 'paused')
        limit ${limit}
        for update skip locked))`
  return moved.count
}
