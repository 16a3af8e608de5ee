import type postgres from 'postgres'
import type { DeliveryRow, DeliveryState } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type ListedDelivery = Omit<DeliveryRow, 'payload' | 'traceparent'> & {
  attempt_records: {
    at: string
    duration_ms: number
    status: number | null
    error: string | null
    response_head: string | null
  }[]
}
export type DeliveryQuestion = {
  group_id: string
  status?: DeliveryState | undefined
  subscriber?: string | undefined
  /** The event's id. */
  event?: string | undefined
  limit: number
  after?: readonly string[] | undefined
}

/** One look goes through so many deliveries of a group, and no further: of millions few may have failed, and no index tells which (0026). */
export const LOOKED_AT = 20_000

/** The deliveries that are asked for, whatever their state, newest first: a look goes through the first of them. */
export function deliveriesOf(tx: Tx, { group_id, subscriber, event, status, after }: DeliveryQuestion) {
  const [at = '', id = ''] = after ?? []
  return tx`
      from webhook_deliveries
     where group_id = ${group_id}
           ${status === 'pending' ? hasMessage(tx, group_id) : tx``}
           ${subscriber === undefined ? tx`` : tx`and subscriber = ${subscriber}`}
           ${event === undefined ? tx`` : tx`and event_id = ${event}::text::uuid`}
           ${after === undefined ? tx`` : tx`and (created_at, id) < (${at}::text::timestamptz, ${id}::text::uuid)`}
     order by created_at desc, id desc`
}

/**
 * Deliveries of a group's events with their last attempts, newest first. Fewer than `limit` are all there are up to where a look ends
 * (find-deliveries-reach.ts).
 */
export function listDeliveries(tx: Tx, asked: DeliveryQuestion): postgres.PendingQuery<ListedDelivery[]> {
  return tx<ListedDelivery[]>`
    select d.id, d.group_id, d.event_id, d.event_type, d.subscriber, d.webhook_id, d.state, d.attempts, d.next_attempt_at,
           d.delivered_at, d.created_at, coalesce(tried.records, '[]'::jsonb) as attempt_records
      from (select * ${deliveriesOf(tx, asked)} limit ${LOOKED_AT}) d
      left join lateral (
        select jsonb_agg(jsonb_build_object(
                 'at', to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'duration_ms', a.duration_ms,
                 'status', a.status, 'error', a.error, 'response_head', a.response_head) order by a.at) as records
          from (select at, duration_ms, status, error, response_head from webhook_attempts where delivery_id = d.id order by at desc limit 20) a
      ) tried on true
     where true ${asked.status === undefined ? tx`` : tx`and d.state = ${asked.status}`}
     order by d.created_at desc, d.id desc
     limit ${asked.limit}`
}

/** Of all deliveries few are pending, and no index tells which (0026); each of them has a message. */
const hasMessage = (tx: Tx, group_id: string) => tx`
  and id in (select o.refs[1] from outbox o where o.kind = 'deliver_webhook' and o.group_id = ${group_id})`
