import type { StatusCode } from 'hono/utils/http-status'
import type { Call } from './api.ts'

type Body = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | null

/**
 * A response as plain data with the fields that earlier steps have set, which the server writes as it is: a Headers object
 * made for it and read again costs as much as everything else about a small answer.
 */
export function respond(c: Call, body: Body, status: StatusCode, headers: Record<string, string>): Response {
  if (body instanceof ReadableStream || (body?.length ?? 0) > SMALL) c.env?.outgoing?.setTimeout(c.get('ctx').stalledMs)
  return new Response(body, { status, headers: { ...takeFields(c), ...headers } })
}

/** What is no longer is on its way soon, whether or not somebody takes it. */
const SMALL = 64 * 1024

/** A header field of the response to come, set before there is one. */
export function setHeader(c: Call, name: string, value: string): void {
  c.set('fields', { ...c.get('fields'), [name]: value })
}

/** Gives those fields to an answer that was made in another way. */
export function addFields(c: Call): void {
  for (const [name, value] of Object.entries(takeFields(c) ?? {})) c.header(name, value)
}

function takeFields(c: Call): Record<string, string> | undefined {
  const fields = c.get('fields')
  c.set('fields', undefined)
  return fields
}
