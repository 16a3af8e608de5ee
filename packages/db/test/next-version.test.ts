import fc from 'fast-check'
import { afterAll, beforeAll, expect, it, test } from 'vitest'
import { compareVersions, isPrerelease, parseVersion } from '@keepr/shared/domain/version'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

async function nextVersion(versioning: string, highest: string | null, bump: string | null) {
  const [row] = await database.admin<{ next: string | null }[]>`
    select next_version(${versioning}, ${highest}, ${bump}) as next`
  return row?.next
}

test.each([
  ['integer', null, null, '1'],
  ['integer', '7', null, '8'],
  ['integer', '2147483646', null, '2147483647'],
  ['integer', '2147483647', null, null],
  ['semver', null, null, '0.1.0'],
  ['semver', null, 'major', '0.1.0'],
  ['semver', '1.2.3', null, '1.2.4'],
  ['semver', '1.2.3', 'minor', '1.3.0'],
  ['semver', '1.2.3', 'major', '2.0.0'],
  ['semver', '1.2.9007199254740990', 'patch', '1.2.9007199254740991'],
  ['semver', '1.2.9007199254740991', 'patch', null],
  ['semver', '1.2.9007199254740991', 'minor', '1.3.0'],
  ['semver', '9007199254740991.0.0', 'major', null],
] as const)('%s after %s, bumped by %s: %s', async (versioning, highest, bump, next) => {
  expect(await nextVersion(versioning, highest, bump)).toBe(next)
})

it('is a version above the highest, and a release', async () => {
  const part = fc.oneof(fc.nat({ max: 12 }), fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1))
  const release = fc.tuple(part, part, part).map((parts) => parts.join('.'))
  await fc.assert(
    fc.asyncProperty(release, fc.constantFrom('patch', 'minor', 'major', null), async (highest, bump) => {
      const next = await nextVersion('semver', highest, bump)
      if (next === null) return
      expect(parseVersion(next)).toBe(next)
      expect(isPrerelease(next ?? '')).toBe(false)
      expect(compareVersions(next ?? '', highest)).toBe(1)
    }),
    { numRuns: 100 },
  )
})
