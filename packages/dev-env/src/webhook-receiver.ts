import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { portOf } from '@keepr/shared/runtime/port-of'
import { Webhook } from 'standardwebhooks'

export type ReceivedWebhook = { headers: IncomingHttpHeaders; body: string; verified: boolean; problem?: string }

export type WebhookReceiver = AsyncDisposable & {
  port: number
  received: ReceivedWebhook[]
  stop(): Promise<void>
}

type Options = {
  port: number
  /** The address to bind to; 127.0.0.1 unless told. */
  host?: string
  /** Any of them may have signed: several during a rotation. */
  secrets: string[]
  print?: (line: string) => void
  /** The status to answer with; unless told 204, and 401 to what does not verify. */
  respond?: (webhook: ReceivedWebhook) => number | Promise<number>
}

/** Receives webhooks, verifies their signatures (Standard Webhooks) and tells of each in one line. */
export async function startWebhookReceiver({
  port,
  host = '127.0.0.1',
  secrets,
  print = () => {},
  respond = ({ verified }) => (verified ? 204 : 401),
}: Options): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = []
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'POST') return void response.writeHead(405, { allow: 'POST' }).end()
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer) // SAFETY: no encoding is set, so chunks are buffers.
    const body = Buffer.concat(chunks).toString('utf8')
    const webhook = { headers: request.headers, body, ...verify(secrets, request.headers, body) }
    received.push(webhook)
    print(`webhook    ${describe(webhook)}`)
    response.writeHead(await respond(webhook)).end()
  }
  // A sender that goes away in the middle has its connection closed and may send again.
  const server = createServer((request, response) => void receive(request, response).catch(() => response.destroy()))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { port: portOf(server), received, stop, [Symbol.asyncDispose]: stop }
}

function verify(
  secrets: string[],
  headers: IncomingHttpHeaders,
  body: string,
): { verified: boolean; problem?: string } {
  const signed = {
    'webhook-id': String(headers['webhook-id'] ?? ''),
    'webhook-timestamp': String(headers['webhook-timestamp'] ?? ''),
    'webhook-signature': String(headers['webhook-signature'] ?? ''),
  }
  let problem = 'no secret is known'
  for (const secret of secrets) {
    try {
      new Webhook(secret).verify(body, signed)
      return { verified: true }
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
    }
  }
  return { verified: false, problem }
}

function describe({ body, verified, problem }: ReceivedWebhook): string {
  const mark = verified ? 'verified' : `NOT verified (${problem})`
  try {
    // SAFETY: only read to be printed; anything else is caught below.
    const { type, data } = JSON.parse(body) as {
      type: string
      data: { artifact: { name: string; type: string; version: string } }
    }
    return `${mark}: ${type} ${data.artifact.type}/${data.artifact.name}@${data.artifact.version}`
  } catch {
    return `${mark}: ${body.slice(0, 200)}`
  }
}
