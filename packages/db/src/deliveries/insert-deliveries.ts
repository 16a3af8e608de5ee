import { randomUUIDv7 } from 'node:crypto'
import type { DeliveryRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type NewDelivery = Pick<DeliveryRow, 'event_id' | 'event_type' | 'subscriber' | 'payload'> & {
  /** The same over retries, redeliveries and replays. */
  webhook_id: string
  traceparent?: string | undefined
  /** The subscriber is disabled: recorded, so that it can be replayed, and not sent. */
  missed?: boolean
  /** Whoever writes it makes it, and has so long for it; left out, the relay wakes a worker. */
  lease_ms?: number | undefined
}

/**
 * One delivery per event and subscriber, however often the event is fanned out, each with the message that gets it sent.
 * Deliveries without an event (samples) are never the same.
 * @returns those that were not there yet
 */
export async function insertDeliveries(
  tx: Tx,
  group_id: string,
  deliveries: readonly NewDelivery[],
): Promise<(NewDelivery & { id: string })[]> {
  const named = deliveries.map((delivery) => ({ ...delivery, id: randomUUIDv7() }))
  // Each text once, and beside the rows: many subscribers get the same, and text within JSON is taken apart and put together again.
  const payloads = [...new Set(deliveries.map(({ payload }) => payload))]
  const places = new Map(payloads.map((payload, index) => [payload, index + 1]))
  const given = named.map(({ missed, payload, ...rest }) => ({
    ...rest,
    message_id: randomUUIDv7(),
    state: missed ? 'missed' : 'pending',
    payload_place: places.get(payload),
  }))
  const rows = await tx<{ id: string }[]>`
    with given as (
      select g.id, g.message_id, g.event_id, g.event_type, g.subscriber, g.webhook_id, p.payload, g.state, g.traceparent,
             g.lease_ms
        from jsonb_to_recordset(${tx.json(given)}) as g (id uuid, message_id uuid, event_id uuid, event_type text,
             subscriber text, webhook_id text, payload_place int, state text, traceparent text, lease_ms float8)
        join unnest(${payloads}::text[]) with ordinality as p (payload, place) on p.place = g.payload_place
    ), inserted as (
      insert into webhook_deliveries (id, group_id, event_id, event_type, subscriber, webhook_id, payload, state, traceparent)
      select id, ${group_id}, event_id, event_type, subscriber, webhook_id, payload, state, traceparent from given
      on conflict (group_id, event_id, subscriber) where event_id is not null do nothing
      returning id, state
    ), announced as (
      insert into outbox (id, kind, lane, group_id, refs, traceparent, leased_until)
      select given.message_id, 'deliver_webhook', given.subscriber, ${group_id}, array[given.id], given.traceparent,
             clock_timestamp() + make_interval(secs => given.lease_ms / 1000)
        from given join inserted on inserted.id = given.id
       where inserted.state = 'pending'
    )
    select id from inserted`
  const inserted = new Set(rows.map(({ id }) => id))
  return named.filter(({ id }) => inserted.has(id))
}
