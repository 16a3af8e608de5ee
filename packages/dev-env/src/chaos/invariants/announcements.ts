import { ANNOUNCED } from '../configuration.ts'
import { finding, type Invariant } from './invariant.ts'

type Delivery = { event_id: string; subscriber: string; webhook_id: string; state: string }

/** Every event reached every live subscriber and stands in the feed, once and in one order; nothing else did. */
export const eventsAreAnnounced: Invariant = async ({ admin, history, subscribers }) => {
  const events = await admin<{ id: string }[]>`
    select id from artifact_events where event_type = any (${ANNOUNCED}) and not event_data ? 'part_of'`
  const deliveries = await admin<Delivery[]>`select event_id, subscriber, webhook_id, state from webhook_deliveries`
  const byEvent = new Map(deliveries.map((one) => [`${one.event_id} ${one.subscriber}`, one]))
  const missing: string[] = []
  const unknown = new Set(deliveries.map(({ webhook_id }) => webhook_id))
  for (const { id } of events)
    for (const [name, { received }] of Object.entries(subscribers)) {
      const delivery = byEvent.get(`${id} ${name}`)
      const arrived = received.get(delivery?.webhook_id ?? '')?.accepted ?? 0
      if (delivery === undefined) missing.push(`event ${id} has no delivery to ${name}`)
      else if (name === 'gone' ? delivery.state === 'pending' : delivery.state !== 'delivered' || arrived === 0)
        missing.push(`event ${id} to ${name} is ${delivery.state}, ${arrived} arrived`)
    }
  const strangers = Object.entries(subscribers).flatMap(([name, { received }]) =>
    [...received.keys()]
      .filter((id) => !unknown.has(id))
      .map((id) => `${name} received ${id}, of which nothing is known`),
  )
  return [
    finding('every event is at every live subscriber', events.length * Object.keys(subscribers).length, missing),
    finding('a subscriber is told only what happened, signed, and the same each time', deliveries.length, [
      ...strangers,
      ...Object.values(subscribers).flatMap(({ complaints }) => complaints),
    ]),
    await feedIsComplete({ admin, history }),
  ]
}

async function feedIsComplete({ admin, history }: Pick<Parameters<Invariant>[0], 'admin' | 'history'>) {
  const broken: string[] = []
  const events = await admin<{ id: string; group_id: string; position: number | null }[]>`
    select e.id, e.group_id, f.position from artifact_events e left join event_feed f on f.event_id = e.id
     order by f.position`
  for (const { id, position } of events) if (position === null) broken.push(`event ${id} has no place in the feed`)
  for (const [group, told] of history.feed) {
    const placed = events.filter((event) => event.group_id === group && event.position !== null).map(({ id }) => id)
    const skipped = placed.filter((id) => !told.includes(id)).length
    if (told.join() !== placed.join())
      broken.push(
        `the feed of ${group} told ${told.length} of ${placed.length} events (${skipped} were never told), or in another order`,
      )
  }
  return finding('who follows the feed learns every event, once and in order', events.length, broken)
}
