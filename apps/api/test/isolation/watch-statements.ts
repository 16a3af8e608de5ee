import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { portOf } from '@keepr/shared/runtime/port-of'

export type Watched = AsyncDisposable & {
  /** Where the same database is, with somebody listening. */
  url: string
}
export type Watcher = {
  /** The text that a statement has from here on. */
  rewrite?: (sql: string) => string
  /** A statement is sent to be executed: the first letter of its message. */
  onExecute?: () => void
}

const PARSE = 0x50
const BIND = 0x42
const SIMPLE_QUERY = 0x51

/** PostgreSQL behind a proxy that sees, and may change, every statement on its way. */
export async function watchStatements(databaseUrl: string, watcher: Watcher): Promise<Watched> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', end).on('close', end)
    }
    upstream.pipe(client)
    const pass = messagePasser(watcher)
    client.on('data', (chunk: Buffer) => upstream.write(pass(chunk)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String(portOf(server))
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Reads a client's messages: the text of each Parse may change, all others pass as they are. */
function messagePasser({ rewrite = (sql) => sql, onExecute = () => {} }: Watcher): (chunk: Buffer) => Buffer {
  let pending: Buffer = Buffer.alloc(0)
  let started = false // the first message has no letter in front
  return (chunk) => {
    pending = Buffer.concat([pending, chunk])
    const out: Buffer[] = []
    for (;;) {
      const head = started ? 1 : 0
      if (pending.length < head + 4) break
      const end = head + pending.readInt32BE(head)
      if (pending.length < end) break
      const message = pending.subarray(0, end)
      pending = pending.subarray(end)
      const kind = started ? message[0] : undefined
      if (kind === BIND || kind === SIMPLE_QUERY) onExecute()
      out.push(kind === PARSE ? rewriteParse(message, rewrite) : message)
      started = true
    }
    return Buffer.concat(out)
  }
}

/** A Parse message: name, text, types of parameters. */
function rewriteParse(message: Buffer, change: (sql: string) => string): Buffer {
  const text = message.indexOf(0, 5) + 1
  const types = message.indexOf(0, text)
  const body = Buffer.concat([
    message.subarray(5, text),
    Buffer.from(change(message.toString('utf8', text, types))),
    message.subarray(types),
  ])
  const head = Buffer.alloc(5)
  head.write('P')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
