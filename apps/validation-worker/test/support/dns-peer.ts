import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns'
import { once } from 'node:events'
import type { Lookup } from '@keepr/shared/runtime/outbound'

/** IPv4 addresses, or the server's excuse. */
type Answer = readonly string[] | 'SERVFAIL' | 'NXDOMAIN'
export type DnsPeer = AsyncDisposable & {
  /** Looks names up at this server. */
  lookup: Lookup
  /** What it answers from now on. */
  say(answer: Answer): void
  asked: number
}

const CODE = { SERVFAIL: 2, NXDOMAIN: 3 } as const
const A_RECORD = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]) // the name asked for; A, IN, valid for 0 s; 4 bytes

/** A real DNS server on loopback (RFC 1035, A records only) that changes its mind when a test tells it to. */
export async function dnsPeer(): Promise<DnsPeer> {
  let answer: Answer = 'NXDOMAIN'
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    peer.asked += 1
    const addresses = typeof answer === 'string' ? [] : answer
    const header = Buffer.from(query.subarray(0, 12))
    header.writeUInt16BE(0x8180 | (typeof answer === 'string' ? CODE[answer] : 0), 2)
    header.writeUInt16BE(addresses.length, 6)
    header.writeUInt32BE(0, 8) // no other records: also those that the query brought along (EDNS) are left out
    const question = query.subarray(12, query.indexOf(0, 12) + 5)
    const records = addresses.flatMap((ip) => [A_RECORD, Buffer.from(ip.split('.').map(Number))])
    socket.send(Buffer.concat([header, question, ...records]), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const resolver = new Resolver({ timeout: 500, tries: 1 })
  resolver.setServers([`127.0.0.1:${socket.address().port}`])
  const peer: DnsPeer = {
    asked: 0,
    lookup: (hostname, _options, callback) =>
      resolver.resolve4(hostname, (error, addresses) =>
        error
          ? callback(error, [])
          : callback(
              null,
              addresses.map((address) => ({ address, family: 4 })),
            ),
      ),
    say: (next) => {
      answer = next
    },
    async [Symbol.asyncDispose]() {
      resolver.cancel()
      socket.close()
      await once(socket, 'close')
    },
  }
  return peer
}
