import type { Json } from '@keepr/db/rows'
import type { ContentfulStatusCode, StatusCode } from 'hono/utils/http-status'
import type { Call } from './api.ts'

/** What a request is answered with, as data: so that it can be kept for an Idempotency-Key and sent again. */
export type Answer = {
  status: StatusCode
  body?: Json | object
  headers?: Record<string, string>
  /** The artifacts whose metadata the body tells: a purge must find the answer by each of them. */
  artifactIds?: readonly string[]
}

/** Sends an answer. */
export function send(c: Call, { status, body, headers = {} }: Answer): Response {
  if (body === undefined) return c.body(null, status, headers)
  // SAFETY: an answer with a body has a status that allows one.
  return c.body(JSON.stringify(body), status as ContentfulStatusCode, {
    'content-type': 'application/json',
    ...headers,
  })
}
