import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { problem } from '@keepr/shared/problem'
import { listenOn } from '@keepr/shared/runtime/listen-on'
import type { Hono } from 'hono'
import type { ApiEnv } from './http/api.ts'
import { refusal } from './http/refusal.ts'
import { answerClientError, refuseOnSocket } from './http/refuse-on-socket.ts'

export type Listening = { port: number; close(): Promise<void> }
export type Patience = { headersMs: number; requestMs: number; idleMs: number; connections: number }

/** How long a client may take for its header fields, for its whole request and between two, and how many there may be. */
const patience: Patience = { headersMs: 10_000, requestMs: 60_000, idleMs: 5000, connections: 20_000 }

/** Serves the app with limits on what a slow or hostile client can hold; what never reaches the app is refused as it would. */
export async function listen(
  app: Hono<ApiEnv>,
  { host, port, setting = 'PORT' }: { host: string; port: number; setting?: string },
  { headersMs, requestMs, idleMs, connections }: Patience = patience,
): Promise<Listening> {
  const answer = getRequestListener((request, env) => app.fetch(request, env), {
    // What cannot be made a request of: no Host, or one that is none, or an address that is none.
    errorHandler: () => {
      const { status, headers, body } = refusal(problem('malformed-request'))
      return new Response(body, { status, headers })
    },
  })
  // It answers its own errors, and never rejects.
  const serve = (request: IncomingMessage, response: ServerResponse) => void answer(request, response)
  const server = createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      keepAliveTimeout: idleMs,
      connectionsCheckingInterval: Math.min(2000, headersMs / 2),
      maxHeaderSize: 16 * 1024,
      requireHostHeader: false, // refused above, as a problem
    },
    serve,
  )
  server.maxConnections = connections
  server.on('clientError', answerClientError)
  server.on('connect', (_request, socket) => refuseOnSocket(socket, problem('method-not-allowed')))
  server.on('checkContinue', (request, response) => {
    // Only once the body is wanted: a request that is refused before never sends it.
    request.once('resume', () => response.headersSent || response.writeContinue())
    serve(request, response)
  })
  server.on('checkExpectation', (_request, response) => {
    const { status, headers, body } = refusal(problem('expectation-failed'))
    response.writeHead(status, { ...headers, connection: 'close' }).end(body)
  })
  return { port: await listenOn(server, { host, port, setting }), close: () => drain(server) }
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
