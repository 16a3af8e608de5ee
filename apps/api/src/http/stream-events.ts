import { pause } from '@keepr/shared/runtime/pause'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import type { Call } from './api.ts'
import { inTurn } from './in-turn.ts'
import { respond } from './respond.ts'

export type StreamedEvent = { id: string; event: string; data: string }
type Following = { next: () => Promise<StreamedEvent[]>; ended: AbortSignal; heartbeatMs: number }

const pollMs = 500
const fields = {
  'content-type': 'text/event-stream',
  'cache-control': 'private, no-store',
  vary: 'Authorization',
  'x-accel-buffering': 'no', // a proxy passes on at once
}

/**
 * Follows a feed as server-sent events until the caller leaves, their token ends or the process does. `next` gives
 * what came after the last event that was sent. What a stream could not tell is told to the one that goes on after it.
 */
export function streamEvents(c: Call, next: Following['next']): Response {
  if (c.req.method === 'HEAD') return respond(c, null, 200, fields) // nobody would read what is written
  const { closing, metrics, settings, eventStreams, log, stalledMs } = c.get('ctx')
  const ended = AbortSignal.any([closing, c.req.raw.signal, AbortSignal.timeout(msLeft(c))])
  const open = eventStreams.open(c.get('actor'))
  // One that is taken moves with each heartbeat at least.
  c.env?.outgoing?.setTimeout(stalledMs + settings.eventStreamHeartbeat)
  const response = streamSSE(c, async (stream) => {
    using _open = open
    metrics.streams.inc()
    try {
      await follow(stream, { next: () => inTurn(c, next), ended, heartbeatMs: settings.eventStreamHeartbeat })
    } catch (error) {
      log.warn({ err: error, request_id: c.get('requestId') }, 'a live stream of events broke off')
    } finally {
      metrics.streams.dec()
    }
  })
  // After Hono has set its own, of which the server knows better how an answer is framed: HTTP/1.0 has no chunks.
  for (const [name, value] of Object.entries(fields)) response.headers.set(name, value)
  for (const name of ['transfer-encoding', 'connection']) response.headers.delete(name)
  return response
}

async function follow(stream: SSEStreamingApi, { next, ended, heartbeatMs }: Following) {
  const end = new Promise<void>((resolve) => {
    if (ended.aborted) resolve()
    else ended.addEventListener('abort', () => resolve(), { once: true })
  })
  // A caller that does not read holds a write for as long as it likes; the stream ends all the same.
  const unlessEnded = (written: Promise<unknown>) => Promise.race([written, end])
  let spokeAt = Number.NEGATIVE_INFINITY
  while (!ended.aborted && !stream.aborted) {
    const events = await next()
    for (const event of events) if (!ended.aborted) await unlessEnded(stream.writeSSE(event))
    if (events.length > 0) spokeAt = performance.now()
    else if (performance.now() - spokeAt >= heartbeatMs) {
      await unlessEnded(stream.write(': still here\n\n'))
      spokeAt = performance.now()
    }
    if (events.length === 0) await pause(pollMs, ended)
  }
}

/** Until the token ends, which may be within a millisecond; timers take whole ones, at most 2^31-1. */
const msLeft = (c: Call): number => Math.floor(Math.max(0, Math.min(c.get('tokenExpiresAt') - Date.now(), 2 ** 31 - 1)))
