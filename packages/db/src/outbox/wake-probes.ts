import type { Tx } from '../transaction.ts'

/**
 * Makes one parked delivery of each paused subscriber due whose time for a probe has come; none where one is on its
 * way already.
 * @returns how many
 */
export async function wakeProbes(tx: Tx): Promise<number> {
  const woken = await tx`
    update outbox set due_at = clock_timestamp()
     where id = any (array(
       select parked.id
         from webhook_subscribers s, lateral (
           select o.id from outbox o
            where o.kind = 'deliver_webhook' and o.lane = s.name and o.leased_until is null and o.quarantined_at is null
              and o.due_at > statement_timestamp()
            order by o.group_id, o.due_at limit 1 for update skip locked) parked
        where s.state = 'paused' and s.probe_at <= now()
          and not exists (
            select from outbox o
             where o.kind = 'deliver_webhook' and o.lane = s.name and o.leased_until is not null and o.quarantined_at is null)
          and not exists (
            select from outbox o
             where o.kind = 'deliver_webhook' and o.lane = s.name and o.leased_until is null and o.quarantined_at is null
               and o.due_at <= statement_timestamp())))`
  return woken.count
}
