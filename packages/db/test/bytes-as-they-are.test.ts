import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Db } from '@keepr/db/connect'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'

let database: TestDatabase
let db: Db
beforeAll(async () => {
  database = await createTestDatabase()
  db = database.connectAs('keepr_api', 1) // one connection: what is prepared the first time is used the second
})
afterAll(() => database[Symbol.asyncDispose]())

type Mixed = { before: string; content: Buffer; nothing: null; other: Buffer; list: number[]; after: number }
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

it.each([0, 1, 255, 1023, 65_535, 65_536, 65_537, 3_000_001])(
  '%i bytes come back as they went, the first time and again, between other parameters and columns',
  async (size) => {
    for (let round = 0; round < 3; round++) {
      const [one, two] = [randomBytes(size), new Uint8Array(randomBytes(size))]
      const [, [mixed], [seen]] = await db.withService(null, (tx) =>
        Promise.all([
          tx`select 1 as n`,
          tx<[Mixed]>`select ${'ä'.repeat(2000)}::text as before, ${one}::bytea as content, null::bytea as nothing,
                             ${two}::bytea as other, ${[1, 2]}::int[] as list, ${size}::int as after`,
          tx`select encode(sha256(${one}::bytea), 'hex') as one, encode(sha256(${two}::bytea), 'hex') as two`,
        ]),
      )
      const hashes = { one: sha256(one), two: sha256(two) }
      expect({ one: sha256(mixed.content), two: sha256(mixed.other) }).toEqual(hashes)
      expect(seen).toEqual(hashes)
      expect(mixed).toMatchObject({ before: 'ä'.repeat(2000), nothing: null, list: [1, 2], after: size })
    }
  },
)

it('few bytes do not keep alive the many that came with them', async () => {
  const query = () =>
    db.withService(
      null,
      (tx) => tx<[{ large: Buffer; small: Buffer }]>`
      select ${Buffer.alloc(1_000_000, 1)}::bytea as large, ${Buffer.of(2)}::bytea as small`,
    )
  await query()
  const [{ large, small }] = await query()
  expect([large.byteLength, small]).toEqual([1_000_000, Buffer.of(2)])
  expect(small.buffer.byteLength).toBeLessThan(1_000_000)
})

it('statements without parameters, with cursors and with values only give bytes too', async () => {
  const seen = await db.withService(null, async (tx) => {
    const plain = await tx`select decode('0102', 'hex') as content`
    const values = await tx`select ${Buffer.of(3)}::bytea, ${Buffer.of(4)}::bytea`.values()
    const walked: unknown[] = []
    for await (const rows of tx`select ${Buffer.of(9)}::bytea as content from generate_series(1, 3)`.cursor(2))
      walked.push(...rows.map((row) => row['content']))
    return { plain: plain[0]?.['content'], values: values[0], walked }
  })
  expect(seen).toEqual({
    plain: Buffer.of(1, 2),
    values: [Buffer.of(3), Buffer.of(4)],
    walked: [Buffer.of(9), Buffer.of(9), Buffer.of(9)],
  })
})
