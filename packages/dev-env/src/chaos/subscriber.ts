import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { portOf } from '@keepr/shared/runtime/port-of'
import { Webhook } from 'standardwebhooks'

/** What one webhook-id brought here. */
export type Received = { eventId: string; body: string; accepted: number; refused: number }

export type Subscriber = {
  port: number
  /** By webhook-id. */
  received: Map<string, Received>
  /** What should never arrive: unsigned, or other content under an id that was used. */
  complaints: string[]
  /** How it answers from now on. */
  behave(mode: SubscriberMode): void
  down(): Promise<void>
  up(): Promise<void>
}

export const SUBSCRIBER_FAILURES = [
  'broken',
  'busy',
  'redirect',
  'hang',
  'reset',
  'after-work',
  'huge',
  'slow',
] as const
export type SubscriberMode = 'well' | 'gone' | (typeof SUBSCRIBER_FAILURES)[number]

/** Receives webhooks and fails on demand in the ways that receivers fail. */
export async function startSubscriber(secret: string): Promise<Subscriber> {
  const webhook = new Webhook(secret)
  const received = new Map<string, Received>()
  const complaints: string[] = []
  let mode: SubscriberMode = 'well'

  async function receive(request: IncomingMessage, response: ServerResponse) {
    const body = await textOf(request)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    try {
      webhook.verify(body, headers)
    } catch {
      complaints.push(`a webhook ${headers['webhook-id']} that does not verify`)
    }
    const accepts = mode === 'well' || mode === 'slow'
    note(headers['webhook-id'] ?? '', body, accepts)
    await answerAs(mode, response)
  }

  function note(id: string, body: string, accepts: boolean) {
    // SAFETY: its signature is Keepr's, whose payloads have this shape; anything else fails the comparison with the database.
    const { data } = JSON.parse(body) as { data: { event_id: string } }
    const known = received.get(id) ?? { eventId: data.event_id, body, accepted: 0, refused: 0 }
    if (known.body !== body) complaints.push(`the webhook ${id} came with two different bodies`)
    if (accepts) known.accepted += 1
    else known.refused += 1
    received.set(id, known)
  }

  // A sender that goes away in the middle has its connection closed and may send again.
  const server = createServer((request, response) => void receive(request, response).catch(() => response.destroy()))
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  await listen(0)
  const port = portOf(server)
  return {
    port,
    received,
    complaints,
    behave: (next) => void (mode = next),
    async down() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
    up: () => listen(port),
  }
}

async function answerAs(mode: SubscriberMode, response: ServerResponse): Promise<void> {
  switch (mode) {
    case 'well':
      return void response.writeHead(204).end()
    case 'slow':
      return void setTimeout(() => response.writeHead(200).end('at last'), 1500)
    case 'gone':
      return void response.writeHead(410).end()
    case 'broken':
      return void response.writeHead(500).end('\u0000 broken')
    case 'busy':
      return void response.writeHead(429, { 'retry-after': '1' }).end()
    case 'redirect':
      return void response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end()
    case 'hang':
      return
    case 'reset':
    case 'after-work': // it has noted the webhook, and nobody will ever know
      return void response.socket?.resetAndDestroy()
    case 'huge':
      return void response.writeHead(500).end('x'.repeat(1024 * 1024))
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer) // SAFETY: no encoding is set, so chunks are buffers.
  return Buffer.concat(chunks).toString('utf8')
}
