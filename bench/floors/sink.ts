import { createServer } from 'node:http'
import { portOf } from '@keepr/shared/runtime/port-of'
import { reply } from '../child/reply.ts'

type Received = { subscriber: string; at: number; delayMs: number }
export type Sink = (
  input: { start: true } | { forget: true } | { read: true },
) => Promise<{ address: string; deadAddress: string; received: Received[]; count: number }>

let received: Received[] = []
const took = createServer((request, response) => {
  const chunks: Buffer[] = []
  request
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .once('end', () => {
      response.writeHead(204).end()
      const [, timestamp] = /"timestamp":"([^"]+)"/u.exec(Buffer.concat(chunks).toString('utf8')) ?? []
      const at = Date.now()
      received.push({
        subscriber: request.url?.slice(1) ?? '',
        at,
        delayMs: timestamp ? at - Date.parse(timestamp) : 0,
      })
    })
})
took.keepAliveTimeout = 30_000
const dead = createServer(() => {}) // takes the request and never answers

const listen = async (server: typeof took): Promise<string> => {
  if (!server.listening) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${portOf(server)}`
}

/** Takes webhooks and notes when each came and how long after its event. */
const sink: Sink = async (input) => {
  const addresses = { address: await listen(took), deadAddress: await listen(dead) }
  const all = received
  if ('forget' in input) received = []
  return { ...addresses, received: 'read' in input ? all : [], count: all.length }
}
reply(sink)
