import { DELIVERY_STATES } from '@keepr/shared/domain/webhooks'
import { Integer } from '@keepr/shared/schemas/integer'
import * as v from 'valibot'

const time = v.pipe(v.string(), v.metadata({ format: 'date-time' }))

/** One event on its way to one subscriber. */
export const Delivery = v.object({
  id: v.string(),
  event_id: v.nullable(v.string()),
  event_type: v.string(),
  subscriber: v.string(),
  webhook_id: v.string(),
  status: v.picklist(DELIVERY_STATES),
  attempt_count: Integer,
  attempts: v.optional(v.array(v.record(v.string(), v.unknown()))),
  next_attempt_at: v.nullable(time),
  delivered_at: v.nullable(time),
  created_at: time,
})

export const deliveryExample = {
  id: '019ab1de-7c00-7000-8000-000000000002',
  event_id: '019ab1de-7c00-7000-8000-000000000003',
  event_type: 'published',
  subscriber: 'deployments',
  webhook_id: 'msg_019ab1de',
  status: 'delivered',
  attempt_count: 1,
  attempts: [{ at: '2026-11-24T08:00:02.000000Z', duration_ms: 12, status: 204, error: null, response_head: null }],
  next_attempt_at: null,
  delivered_at: '2026-11-24T08:00:02.000000Z',
  created_at: '2026-11-24T08:00:01.000000Z',
}
