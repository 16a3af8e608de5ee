import type { Tx } from '../transaction.ts'

/** Pending deliveries that no message will ever wake: there are none, unless the outbox was tampered with. */
export async function listForgottenDeliveries(
  tx: Tx,
  limit: number,
): Promise<{ id: string; group_id: string; subscriber: string }[]> {
  return await tx<{ id: string; group_id: string; subscriber: string }[]>`
    select d.id, d.group_id, d.subscriber
      from webhook_deliveries d
     where d.state = 'pending' and d.created_at < now() - interval '1 minute'
       and not exists (select from outbox o where o.kind = 'deliver_webhook' and o.refs[1] = d.id)
     limit ${limit}`
}
