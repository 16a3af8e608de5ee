import type { Tx } from '../transaction.ts'

export type ForgottenDeliveries = {
  forgotten: { id: string; group_id: string; subscriber: string }[]
  /** Where to go on; undefined at the end. */
  last: string | undefined
}

/**
 * Pending deliveries that no message will ever wake: there are none, unless the outbox was tampered with. Looks through some
 * of all deliveries at a time, as no index tells which are pending (0026).
 */
export async function listForgottenDeliveries(tx: Tx, after: string, limit: number): Promise<ForgottenDeliveries> {
  const [found] = await tx<{ forgotten: ForgottenDeliveries['forgotten'] | null; last: string | null }[]>`
    with looked_at as materialized (
      select id, group_id, subscriber, state, created_at from webhook_deliveries where id > ${after} order by id limit ${limit}
    ), forgotten as (
      select d.id, d.group_id, d.subscriber
        from looked_at d
       where d.state = 'pending' and d.created_at < now() - interval '1 minute'
         and not exists (select from outbox o where o.kind = 'deliver_webhook' and o.refs[1] = d.id)
    )
    select (select jsonb_agg(to_jsonb(f)) from forgotten f) as forgotten,
           (select id from looked_at order by id offset ${limit - 1}) as last`
  return { forgotten: found?.forgotten ?? [], last: found?.last ?? undefined }
}
