import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { randomUUIDv7 } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { type ProblemCode, problem } from '@keepr/shared/problem'
import type { Hono } from 'hono'
import type { ApiEnv } from './http/api.ts'

export type Listening = { port: number; close(): Promise<void> }

/** Serves the app with limits on what a slow or hostile client can hold. */
export async function listen(app: Hono<ApiEnv>, { host, port }: { host: string; port: number }): Promise<Listening> {
  const answer = getRequestListener((request, env) => app.fetch(request, env))
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: 2000,
      maxHeaderSize: 16 * 1024,
    },
    (request, response) => void answer(request, response), // it answers its own errors, and never rejects
  )
  server.maxConnections = 5000
  server.on('clientError', answerClientError)
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : port, close: () => drain(server) }
}

const drainMs = 5000

/** Requests that run are answered; connections that wait for another one are closed. */
async function drain(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), drainMs) // time is left for what closes after the server
  await closed
  clearTimeout(timer)
}

const codes: Record<string, ProblemCode> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
}

/** What Node's parser refuses never reaches the app; it is answered as a problem all the same. */
function answerClientError(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const refusal = problem(codes[error.code ?? ''] ?? 'malformed-request')
  const body = JSON.stringify(refusal.toBody(randomUUIDv7()))
  socket.end(
    `HTTP/1.1 ${refusal.status} ${refusal.code}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
