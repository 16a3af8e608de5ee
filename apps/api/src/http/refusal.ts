import { randomUUIDv7 } from 'node:crypto'
import type { Problem } from '@keepr/shared/problem'
import { problemBody } from './problems.ts'

/** The answer to what never becomes a request of the app, with a request id like any other. */
export function refusal(found: Problem) {
  const requestId = randomUUIDv7()
  return {
    status: found.status,
    headers: { 'content-type': 'application/problem+json', 'x-request-id': requestId, connection: 'close' },
    body: JSON.stringify(problemBody(found, requestId)),
  }
}
