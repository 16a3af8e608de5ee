import type { Cause } from '@keepr/db/events/append-events'
import type { Call } from './api.ts'

/** Who causes what this request writes, for events and traces. */
export const causeOf = (c: Call): Cause => ({
  actor: c.get('actor').userId,
  requestId: c.get('requestId'),
  traceparent: c.req.header('traceparent'),
})
