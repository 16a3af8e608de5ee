import type { Cause } from '@keepr/db/events/append-events'
import { traceparentHere } from '@keepr/shared/runtime/tracing'
import type { Call } from './api.ts'

/** Who causes what this request writes, for events and traces. */
export const causeOf = (c: Call): Cause => ({
  actor: c.get('actor').userId,
  requestId: c.get('requestId'),
  traceparent: traceparentHere(c.req.header('traceparent')),
})
