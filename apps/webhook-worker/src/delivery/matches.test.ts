import { fc, test } from '@fast-check/vitest'
import { EVENT_TYPES } from '@keepr/shared/domain/events'
import type { SubscriberConfig } from '@keepr/shared/schemas/subscriber-config'
import { expect } from 'vitest'
import { matches, wantedBy } from './matches.ts'

const types = ['prompt', 'chain', 'plugin'] as const
const subscriber = fc.record({
  events: fc.subarray([...EVENT_TYPES]),
  types: fc.option(fc.subarray([...types]), { nil: undefined }),
  groups: fc.option(fc.subarray(['acme', 'globex']), { nil: undefined }),
  usage_policies: fc.option(fc.subarray(['public', 'restricted'] as const), { nil: undefined }),
})
const event = fc.record({
  event_type: fc.constantFrom(...EVENT_TYPES),
  type: fc.constantFrom(...types),
  group_id: fc.constantFrom('acme', 'globex'),
  usage_policy: fc.constantFrom('public', 'restricted', 'internal_only'),
  event_data: fc.constantFrom({}, { part_of: 'another' }),
})
const configured = (filter: Partial<SubscriberConfig>): SubscriberConfig => ({
  name: 'one',
  url: 'https://example.com',
  events: [],
  secret: 'whsec_',
  headers: {},
  timeout: 1000,
  format: 'standard',
  allow_addresses: [],
  ...filter,
})

test.prop([fc.array(subscriber, { maxLength: 4 }), event])(
  'what is read holds whatever some subscriber is told of',
  (filters, happened) => {
    const subscribers = filters.map(({ types: ofTypes, groups, usage_policies, events }) =>
      configured({
        events,
        ...(ofTypes && { types: ofTypes }),
        ...(groups && { groups }),
        ...(usage_policies && { usage_policies: [...usage_policies] }),
      }),
    )
    const wanted = wantedBy(subscribers)
    const isRead = wanted.eventTypes.includes(happened.event_type) && (wanted.types?.includes(happened.type) ?? true)
    if (subscribers.some((one) => matches(one, happened))) expect(isRead).toBe(true)
  },
)

test('events of a kind or type that nobody listens for are not read', () => {
  const wanted = wantedBy([configured({ events: ['published'], types: ['prompt'] })])
  expect(wanted).toEqual({ eventTypes: ['published'], types: ['prompt'] })
})
