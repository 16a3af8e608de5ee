import type { Json, LeasedMessage } from '@keepr/db/rows'
import type { StatusCode } from 'hono/utils/http-status'
import type { Call } from './api.ts'
import { respond } from './respond.ts'

/** What a request is answered with, as data: so that it can be kept for an Idempotency-Key and sent again. */
export type Answer = {
  status: StatusCode
  body?: Json | object
  headers?: Record<string, string>
  /** The artifacts whose metadata the body tells: a purge must find the answer by each of them. */
  artifactIds?: readonly string[]
  /** A message that was written leased with what the answer tells: handed to the queue once it is committed. */
  leased?: LeasedMessage | undefined
}

/** Sends an answer. */
export function send(c: Call, { status, body, headers = {} }: Answer): Response {
  if (body === undefined) return respond(c, null, status, headers)
  return respond(c, JSON.stringify(body), status, { 'content-type': 'application/json', ...headers })
}
