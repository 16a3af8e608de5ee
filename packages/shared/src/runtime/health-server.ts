import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { listenOn } from './listen-on.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { QueueHealth } from './queue.ts'

type HealthOptions = {
  host: string
  port: number
  metrics: Metrics
  /** Rejects while the database, or its schema, is not to be had. */
  ping: () => Promise<void>
  /** What needs the queue: while that is away, work waits and none is lost. */
  queues: readonly { health(): QueueHealth }[]
  log: Log
}

export type HealthServer = AsyncDisposable & { readonly port: number; close(): Promise<void> }

/** Serves /healthz, /readyz and /metrics, for a process that serves nothing else. */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const { host, port, metrics, ping, queues, log } = options
  const routes: Record<string, (response: ServerResponse) => Promise<void>> = {
    '/healthz': async (response) => answer(response, 200, { status: 'ok' }),
    '/readyz': async (response) => {
      try {
        await ping()
      } catch (error) {
        log.warn({ err: error }, 'the database does not answer')
        return answer(response, 503, { status: 'unavailable', degraded: ['database'] })
      }
      const away = queues.map((queue) => queue.health()).filter(({ state }) => state === 'degraded')
      const degraded = [...new Set(away.map(({ reason = 'queue' }) => reason))]
      answer(response, 200, { status: degraded.length > 0 ? 'degraded' : 'ready', degraded })
    },
    '/metrics': async (response) => {
      const { contentType, body } = await metrics.expose()
      response.writeHead(200, { 'content-type': contentType }).end(body)
    },
  }
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').replace(/\?.*/s, '')
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (route === undefined) return answer(response, 404, { status: 'not_found' })
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(response, 405, { status: 'method_not_allowed' }, { allow: 'GET, HEAD' })
    route(response).catch((error: unknown) => {
      log.error({ err: error, path }, 'the state of the process could not be told')
      if (!response.headersSent) answer(response, 500, { status: 'error' })
    })
  })
  server.headersTimeout = 5000
  server.requestTimeout = 5000
  const listening = await listenOn(server, { host, port, setting: 'METRICS_PORT' })
  const close = async () => {
    server.closeAllConnections()
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    await closed
  }
  return {
    port: listening,
    close,
    [Symbol.asyncDispose]: close,
  }
}

const answer = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
