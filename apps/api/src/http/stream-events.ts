import { setTimeout as pause } from 'node:timers/promises'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import type { Call } from './api.ts'

export type StreamedEvent = { id: string; event: string; data: string }

const pollMs = 500
const heartbeatMs = 15_000

/**
 * Follows a feed as server-sent events until the caller leaves, their token ends or the process does. `next` gives
 * what came after the last event that was sent.
 */
export function streamEvents(c: Call, next: () => Promise<StreamedEvent[]>): Response {
  const ended = AbortSignal.any([c.get('ctx').closing, c.req.raw.signal, AbortSignal.timeout(msLeft(c))])
  c.header('cache-control', 'private, no-cache')
  c.header('x-accel-buffering', 'no')
  const { streams } = c.get('ctx').metrics
  return streamSSE(c, async (stream) => {
    streams.inc()
    try {
      await follow(stream, next, ended)
    } finally {
      streams.dec()
    }
  })
}

async function follow(stream: SSEStreamingApi, next: () => Promise<StreamedEvent[]>, ended: AbortSignal) {
  let spokeAt = 0
  while (!ended.aborted && !stream.aborted) {
    const events = await next()
    for (const event of events) await stream.writeSSE(event)
    if (events.length > 0) spokeAt = Date.now()
    else if (Date.now() - spokeAt > heartbeatMs) {
      await stream.write(': still here\n\n')
      spokeAt = Date.now()
    }
    if (events.length === 0) await pause(pollMs, undefined, { signal: ended }).catch(() => {}) // ended: the loop sees it
  }
}

/** Until the token ends; timers take at most 2^31-1 milliseconds. */
const msLeft = (c: Call): number => Math.max(0, Math.min(c.get('tokenExpiresAt') - Date.now(), 2 ** 31 - 1))
