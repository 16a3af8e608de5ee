import type { Wanted } from '@keepr/db/events/list-events-to-announce'
import type { EventRow } from '@keepr/db/rows'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'

type Matched = Pick<EventRow, 'event_type' | 'type' | 'group_id' | 'usage_policy' | 'event_data'>

/** Whether a subscriber is told of an event. What is part of another event's story is told with that one. */
export function matches(subscriber: SubscriberConfig, event: Matched): boolean {
  if ('part_of' in event.event_data) return false
  const lets = <T>(filter: readonly T[] | undefined, value: T) => filter === undefined || filter.includes(value)
  return (
    lets(subscriber.events, event.event_type) &&
    lets(subscriber.types, event.type) &&
    lets(subscriber.groups, event.group_id) &&
    lets(subscriber.usage_policies, event.usage_policy)
  )
}

/** What is worth reading: whatever matches a subscriber, and perhaps more. */
export function wantedBy(subscribers: readonly SubscriberConfig[]): Wanted {
  const ofAllTypes = subscribers.some(({ types }) => types === undefined)
  return {
    eventTypes: [...new Set(subscribers.flatMap(({ events }) => events))],
    types: ofAllTypes ? undefined : [...new Set(subscribers.flatMap(({ types = [] }) => types))],
  }
}
