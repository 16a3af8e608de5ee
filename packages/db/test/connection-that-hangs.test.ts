import { once } from 'node:events'
import { type AddressInfo, connect as dial, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, type Db } from '@keepr/db/connect'
import type { QueryOfMany } from '@keepr/db/read-together'
import { isUnavailable } from '@keepr/db/unavailable'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'

let database: TestDatabase
let db: Db
const sockets = new Set<Socket>()
/** Between the database and its client; a connection over it can be made to say nothing any more, and stay open. */
const wire = createServer((near) => {
  const { hostname, port } = new URL(database.adminUrl)
  const far = dial(Number(port), hostname)
  for (const socket of [near, far]) {
    sockets.add(socket)
    socket.on('error', () => {}) // it is cut in the end
  }
  near.pipe(far).pipe(near)
})

beforeAll(async () => {
  database = await createTestDatabase()
  wire.listen(0, '127.0.0.1')
  await once(wire, 'listening')
  const url = new URL(database.urlOf('keepr_api'))
  // SAFETY: it listens on a port.
  url.port = String((wire.address() as AddressInfo).port)
  url.hostname = '127.0.0.1'
  db = connect({
    url: url.href,
    applicationName: 'test-hanging',
    poolSize: 3,
    connectTimeoutMs: 5000,
    statementTimeoutMs: 4000,
    lockTimeoutMs: 4000,
  })
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await db.close()
  wire.close()
  await database[Symbol.asyncDispose]()
})

const alice = { groupId: 'acme', userId: 'alice', roles: ['consumer' as const] }
const echo: QueryOfMany<string, { place: number; word: string }> = (tx, _groupId, words) =>
  tx<{ place: number; word: string }[]>`
    select asked.place::int as place, asked.word from unnest((select ${words}::text[])) with ordinality asked (word, place)`
const ask = (word: string) => db.readTogether(alice, echo, word).then(([row]) => row?.word)

it('a connection that hangs fails what is on it, and no later read of the same user', async () => {
  expect(await ask('before')).toBe('before')
  for (const socket of sockets) socket.unpipe().pause()
  expect(await ask('lost').catch(isUnavailable)).toBe(true)
  const later = await Promise.allSettled(['one', 'two', 'three'].map(ask))
  expect(later.map((answer) => (answer.status === 'fulfilled' ? answer.value : answer.reason))).toEqual([
    'one',
    'two',
    'three',
  ])
})
