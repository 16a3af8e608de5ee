import { randomUUIDv7 } from 'node:crypto'
import type { Call } from './api.ts'
import { setHeader } from './respond.ts'

/** Gives a request an id of our own making (a caller's could be forged into logs and events). */
export function giveRequestId(c: Call): void {
  const id = randomUUIDv7()
  c.set('requestId', id)
  setHeader(c, 'x-request-id', id)
}
