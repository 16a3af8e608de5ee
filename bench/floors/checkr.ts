import { createServer } from 'node:http'
import { portOf } from '@keepr/shared/runtime/port-of'
import { reply } from '../child/reply.ts'

export type Checkr = (input: { delayMs: number }) => Promise<{ address: string }>

/** A validator that passes everything, after a time. */
const check: Checkr = async ({ delayMs }) => {
  const server = createServer((request, response) => {
    request
      .resume()
      .once('end', () =>
        setTimeout(
          () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"valid":true}'),
          delayMs,
        ),
      )
  })
  server.keepAliveTimeout = 30_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { address: `127.0.0.1:${portOf(server)}` }
}
reply(check)
