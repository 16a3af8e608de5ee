import { once } from 'node:events'
import { connect as dial, createServer, type Socket } from 'node:net'
import { portOf } from '@keepr/shared/runtime/port-of'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { connect, type Db } from '@keepr/db/connect'
import type { QueryOfMany } from '@keepr/db/read-together'
import { isUnavailable } from '@keepr/db/unavailable'
import type { StoryOfMany } from '@keepr/db/write-together'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'

const POOL = 3

let database: TestDatabase
let db: Db
const made: Db[] = []
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
})
beforeEach(() => {
  const url = new URL(database.urlOf('keepr_api'))
  url.port = String(portOf(wire))
  url.hostname = '127.0.0.1'
  db = connect({
    url: url.href,
    applicationName: 'test-hanging',
    poolSize: POOL,
    connectTimeoutMs: 5000,
    statementTimeoutMs: 600,
    lockTimeoutMs: 600,
  })
  made.push(db)
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await Promise.all(made.map((each) => each.close()))
  wire.close()
  await database[Symbol.asyncDispose]()
})

const hang = () => {
  for (const socket of sockets) socket.unpipe().pause()
}
const isLost = (work: Promise<unknown>) => work.then(() => false, isUnavailable)

const alice = { groupId: 'acme', userId: 'alice', roles: ['author' as const] }
const echo: QueryOfMany<string, { place: number; word: string }> = (tx, _groupId, words) =>
  tx<{ place: number; word: string }[]>`
    select asked.place::int as place, asked.word from unnest((select ${words}::text[])) with ordinality asked (word, place)`
const read = (word: string) => db.readTogether(alice, echo, word).then(([row]) => row?.word)

const keep: StoryOfMany<string, unknown> = {
  run: async (tx, _actor, words, commit) => {
    const rows = tx<{ word: string }[]>`select unnest(${words}::text[]) as word`.execute()
    commit()
    return (await rows).map(({ word }) => word)
  },
  sharedBy: () => '',
  apartBy: (word) => word,
}
const write = (word: string) => db.writeTogether(alice, keep, word)
const serve = (word: string) =>
  db.withService('acme', async (tx) => {
    const [row] = await tx<{ word: string }[]>`select ${word}::text as word`
    return row?.word
  })

it.each([
  { who: 'read of the same user', ask: read },
  { who: 'write of the same user', ask: write },
  { who: 'transaction of a service', ask: serve },
])('a connection that hangs fails what is on it, and no later $who', async ({ ask }) => {
  expect(await ask('before')).toBe('before')
  hang()
  expect(await isLost(ask('lost'))).toBe(true)
  while (await isLost(ask('behind it'))); // what is asked until the connection is given up waits behind it
  expect(await Promise.all(['one', 'two', 'three'].map(ask))).toEqual(['one', 'two', 'three'])
})

it('where all connections hang, each is made anew, however long they had nothing to do before', async () => {
  const all = () => Promise.all(Array.from({ length: POOL }, (_, n) => serve(`${n}`)))
  await all()
  await new Promise((resolve) => setTimeout(resolve, 1500)) // what is watched is an answer that is due, not silence
  expect(await all()).toEqual(['0', '1', '2'])
  hang()
  expect(await Promise.all(Array.from({ length: POOL }, (_, n) => isLost(serve(`${n}`))))).toEqual([true, true, true])
  expect(await all()).toEqual(['0', '1', '2'])
})
