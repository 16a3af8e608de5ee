import type { ContentfulStatusCode, StatusCode } from 'hono/utils/http-status'
import type { Call } from './api.ts'

type Body = string | Uint8Array<ArrayBuffer> | null

/**
 * A response as plain data, which the server writes as it is: a Headers object made for it and read again costs as much as
 * everything else about a small answer. Without a server (a test calls the app) Hono's own way puts together
 * what earlier steps have set.
 */
export function respond(c: Call, body: Body, status: StatusCode, headers: Record<string, string>): Response {
  if (c.env?.outgoing) return new Response(body, { status, headers })
  // SAFETY: a status with a body allows one.
  return body === null ? c.body(null, status, headers) : c.body(body, status as ContentfulStatusCode, headers)
}

/** A header field of the response to come, set before there is one. */
export function setHeader(c: Call, name: string, value: string): void {
  if (c.env?.outgoing) c.env.outgoing.setHeader(name, value)
  else c.header(name, value)
}
