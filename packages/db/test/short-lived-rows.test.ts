import { getHeapSpaceStatistics } from 'node:v8'
import { expect, it } from 'vitest'
import { postgres } from '@keepr/db/driver/postgres'
import { createTestDatabase } from '@keepr/dev-env/testing/database'

const oldMb = () =>
  getHeapSpaceStatistics()
    .filter(({ space_name }) => space_name === 'old_space')
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0) /
  1024 ** 2

it('rows that were read and dropped do not grow old: what is young is collected at a small cost', async () => {
  await using database = await createTestDatabase()
  const sql = postgres(database.adminUrl, { max: 1, onnotice: () => {} })
  const read = async (times: number) => {
    for (let n = 0; n < times; n++)
      await sql`select n as number, repeat('x', 100) || n as text, repeat('y', 100) || n as more from generate_series(1, 100) n`
  }
  await read(50) // what is kept (statements, compiled code) is there by now
  let grown = 0
  for (let round = 0; round < 10; round++) {
    const before = oldMb()
    await read(40)
    grown += Math.max(0, oldMb() - before) // it shrinks where all is collected meanwhile
  }
  await sql.end()
  expect(grown).toBeLessThan(1.5) // it was 4 MB where each query outlived its collection
})
