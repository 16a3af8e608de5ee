import { EVENT_TYPES } from '@keepr/shared/domain/events'
import { SUBSCRIBER_STATES } from '@keepr/shared/domain/webhooks'
import * as v from 'valibot'

const time = v.pipe(v.string(), v.metadata({ format: 'date-time' }))

/** A configured receiver of webhooks and how it does. */
export const Subscriber = v.object({
  name: v.string(),
  events: v.array(v.picklist(EVENT_TYPES)),
  format: v.picklist(['standard', 'cloudevents']),
  state: v.picklist(SUBSCRIBER_STATES),
  reason: v.nullable(v.string()),
  failing_since: v.nullable(time),
  probe_at: v.nullable(time),
})

export const subscriberExample = {
  name: 'deployments',
  events: ['published', 'blocked', 'rollback'],
  format: 'standard',
  state: 'active',
  reason: null,
  failing_since: null,
  probe_at: null,
}
