import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { TLSSocket } from 'node:tls'
import { portOf } from '@keepr/shared/runtime/port-of'
import { postgres } from '@keepr/db/driver/postgres'
import { migrate } from '@keepr/db/migrate'
import { createLog } from '@keepr/shared/runtime/log'
import { openPublisher } from '@keepr/shared/runtime/queue'
import { createRedactor } from '@keepr/shared/runtime/redactor'
import { expect, onTestFinished, test, vi } from 'vitest'

const fixture = (file: string) =>
  readFileSync(new URL(`../../apps/validation-worker/test/fixtures/${file}`, import.meta.url))

/** A PostgreSQL behind a certificate that nobody signed, which ends as soon as the connection is encrypted. */
async function selfSignedPostgres(sslmode: string) {
  const told = { trusted: 0, refused: 0 }
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write('S')
      const secure = new TLSSocket(socket, {
        isServer: true,
        key: fixture('key.pem'),
        cert: fixture('self-signed.pem'),
      })
      secure.on('error', () => {})
      const gone = () => (told.refused += 1)
      secure.once('close', gone)
      // What the client sends first stands for its trust: the server's side of TLS 1.3 is done before the client's.
      secure.once('data', () => {
        told.trusted += 1
        secure.off('close', gone).destroy()
      })
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { told, url: `postgres://keepr:p@127.0.0.1:${portOf(server)}/keepr?sslmode=${sslmode}` }
}

const quiet = createLog({ service: 'test', level: 'silent', pretty: false, redactor: createRedactor() })

/** All that ever connects to PostgreSQL, with the driver that it uses. */
const clients: Record<string, (url: string) => Promise<unknown>> = {
  'a service': async (url) => {
    const sql = postgres(url, { max: 1 })
    onTestFinished(() => sql.end({ timeout: 0 }))
    await sql`select 1`.catch(() => {})
  },
  'the migration': (url) => migrate({ databaseUrl: url }).catch(() => {}),
  'the queue': (url) => {
    const publisher = openPublisher({ redisUrl: undefined, queueDatabaseUrl: url }, { log: quiet })
    onTestFinished(() => publisher[Symbol.asyncDispose]())
    return Promise.resolve()
  },
}

test.each(Object.entries(clients))(
  '%s takes any certificate with sslmode=require, and none that nobody signed with verify-full',
  async (_who, connectTo) => {
    const encrypted = await selfSignedPostgres('require')
    void connectTo(encrypted.url)
    await vi.waitFor(() => expect(encrypted.told.trusted).toBeGreaterThan(0), 5000)
    const verified = await selfSignedPostgres('verify-full')
    void connectTo(verified.url)
    await vi.waitFor(() => expect(verified.told.refused).toBeGreaterThan(0), 5000)
    expect(verified.told.trusted).toBe(0)
  },
)
