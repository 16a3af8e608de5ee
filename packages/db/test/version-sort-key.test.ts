import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { compareVersions, parseVersion } from '@keepr/shared/domain/version'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const part = fc.oneof(fc.nat({ max: 3 }), fc.constant(Number.MAX_SAFE_INTEGER)).map(String)
const identifier = fc.oneof(
  part,
  fc.stringMatching(/^[0-9A-Za-z-]{1,4}$/u),
  fc.tuple(fc.constantFrom('', 'a', 'build'), fc.bigInt({ min: 0n, max: 10n ** 20n })).map((both) => both.join('-')),
)
const version = fc
  .tuple(fc.tuple(part, part, part), fc.array(identifier, { maxLength: 3 }))
  .map(([core, more]) => core.join('.') + (more.length > 0 ? `-${more.join('.')}` : ''))
  .filter((text) => parseVersion(text) !== undefined)

it('orders all versions that Keepr takes by their precedence', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(version, { minLength: 2, maxLength: 30 }), async (versions) => {
      const sorted = await database.admin<{ version: string }[]>`
        select version from unnest(${versions}::text[]) as given (version) order by version_sort_key(version)`
      expect(sorted.map((row) => row.version)).toEqual(versions.toSorted(compareVersions))
    }),
    { numRuns: 100 },
  )
})
