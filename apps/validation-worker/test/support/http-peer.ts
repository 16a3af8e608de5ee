import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { portOf } from '@keepr/shared/runtime/port-of'

export type PeerRequest = { method: string; path: string; headers: IncomingMessage['headers']; body: string }
export type Behaviour = (request: PeerRequest, response: ServerResponse, socket: Socket) => void
export type HttpPeer = AsyncDisposable & { url: string; requests: PeerRequest[]; behave(behaviour: Behaviour): void }

/** A real HTTP server on loopback that does whatever a test wants a validator to do. */
export async function httpPeer(behaviour: Behaviour): Promise<HttpPeer> {
  let current = behaviour
  const requests: PeerRequest[] = []
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => {})
    response.on('error', () => {})
    request.on('end', () => {
      const seen = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      requests.push(seen)
      current(seen, response, request.socket)
    })
  }
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    requests,
    behave: (next) => {
      current = next
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Answers with JSON. */
export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Behaviour =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

/** Answers with exactly these bytes. */
export const raw =
  (status: number, body: string | Buffer, headers: Record<string, string> = {}): Behaviour =>
  (_request, response) =>
    response.writeHead(status, headers).end(body)
