import type { Tx } from '../transaction.ts'

/** A lease that ran out means that its wake-up was lost (a flushed queue, a killed worker): the message is due again. */
export async function freeExpiredLeases(tx: Tx): Promise<number> {
  const freed = await tx`
    update outbox set leased_until = null
     where id = any (array(
       select id from outbox
        where leased_until < clock_timestamp() and quarantined_at is null
          and kind in ('validate_run', 'fan_out_events', 'deliver_webhook')
        limit 1000 for update skip locked))`
  return freed.count
}
