import { expect, it } from 'vitest'
import { createTestDatabase } from '@keepr/dev-env/testing/database'

it('no statement of a service is compiled before it runs, which takes seconds where a plan looks costly', async () => {
  await using database = await createTestDatabase()
  await using db = database.connectAs('keepr_api', 1)
  expect(await db.withService(null, (tx) => tx`show jit`)).toMatchObject([{ jit: 'off' }])
})
