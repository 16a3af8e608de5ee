import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** `group_id = $3`, with or without the name of its table, and its negation. */
const groupFilter = /(?:\w+\.)?group_id\s*(?:=|<>)\s*(\$\d+)/gu

/** The same statement without its questions for the group. The parameter stays in use, so that its number keeps its meaning. */
const withoutGroupFilters = (sql: string): string => sql.replaceAll(groupFilter, '($1::text is not null)')

export type Stripped = AsyncDisposable & {
  url: string
  /** How many filters were taken out so far. */
  removed(): number
}

/**
 * PostgreSQL behind a proxy that takes the group filters out of every statement on its way: the API as it is, with the
 * mistake of having forgotten them everywhere.
 */
export async function stripGroupFilters(databaseUrl: string): Promise<Stripped> {
  const target = new URL(databaseUrl)
  let removed = 0
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
    const rewrite = statementRewriter((sql) => {
      removed += sql.match(groupFilter)?.length ?? 0
      return withoutGroupFilters(sql)
    })
    client.on('data', (chunk: Buffer) => upstream.write(rewrite(chunk)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String(typeof address === 'object' && address ? address.port : 0)
  return {
    url: url.href,
    removed: () => removed,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Reads a client's messages and rewrites the text of each Parse ('P': name, text, types); all others pass unchanged. */
function statementRewriter(change: (sql: string) => string): (chunk: Buffer) => Buffer {
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
      out.push(started && message[0] === 0x50 ? rewriteParse(message, change) : message)
      started = true
    }
    return Buffer.concat(out)
  }
}

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
