import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { chooseVersioning, compareVersions, latestVersion, outranks, parseVersion } from './version.ts'

const part = fc
  .oneof(fc.nat({ max: 12 }), fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1))
  .map(String)
const identifier = fc.oneof(
  fc.nat({ max: 20 }).map(String),
  fc.constantFrom('alpha', 'beta', 'rc', 'x-1', '-', 'A', 'a1'),
  // Digits beside a hyphen are no number, however many.
  fc.tuple(fc.constantFrom('', 'a', 'build'), fc.bigInt({ min: 0n, max: 10n ** 20n })).map((both) => both.join('-')),
)
const release = fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 }), part).map((parts) => parts.join('.'))
const prerelease = fc
  .tuple(release, fc.array(identifier, { minLength: 1, maxLength: 3 }))
  .map(([core, identifiers]) => `${core}-${identifiers.join('.')}`)
  .filter((version) => version.length <= 64)
const semverVersion = fc.oneof(release, prerelease)
const integer = fc.integer({ min: 1, max: 2_147_483_647 }).map(String)
const version = fc.oneof(semverVersion, integer)

describe('parseVersion', () => {
  test.each([
    [7, '7'],
    ['7', '7'],
    [2_147_483_647, '2147483647'],
    ['0.0.0', '0.0.0'],
    ['1.2.3-rc.1', '1.2.3-rc.1'],
    ['1.2.3-0a.-.x-y', '1.2.3-0a.-.x-y'],
    ['9007199254740991.0.0', '9007199254740991.0.0'],
    ['1.0.0-9007199254740991', '1.0.0-9007199254740991'],
    ['1.0.0-a-9007199254740992', '1.0.0-a-9007199254740992'],
    ['1.0.0-build-20240101123456789012', '1.0.0-build-20240101123456789012'],
    ['1.0.0--9007199254740992', '1.0.0--9007199254740992'],
    [`1.0.0-${'a'.repeat(58)}`, `1.0.0-${'a'.repeat(58)}`],
  ])('takes %j', (input, canonical) => expect(parseVersion(input)).toBe(canonical))

  test.each([
    [0],
    [-1],
    [1.5],
    [2_147_483_648],
    [Number.NaN],
    [Infinity],
    [1e21],
    [null],
    [undefined],
    [true],
    [['1']],
    [{}],
    [''],
    ['0'],
    ['01'],
    ['-1'],
    ['2147483648'],
    ['99999999999'],
    [' 1'],
    ['1 '],
    ['1\n'],
    ['v1'],
    ['1.0'],
    ['1.2.3.4'],
    ['01.0.0'],
    ['1.0.0-'],
    ['1.0.0-01'],
    ['1.0.0-a..b'],
    ['1.0.0+build'],
    ['1.0.0-a+b'],
    ['9007199254740992.0.0'],
    ['1.0.0-9007199254740992'],
    ['1.0.0-a-1.9007199254740992'],
    [`1.0.0-${'a'.repeat(59)}`],
    ['１'],
    ['1.0.0-ä'],
    ['1e2'],
    ['latest'],
  ])('refuses %j', (input) => expect(parseVersion(input)).toBeUndefined())

  property.prop([version])('is idempotent', (text) => {
    expect(parseVersion(parseVersion(text))).toBe(text)
  })
  property.prop([fc.anything()])('never throws', (input) => {
    expect(['string', 'undefined']).toContain(typeof parseVersion(input))
  })
})

describe('precedence', () => {
  test('follows the example of SemVer section 11', () => {
    const ordered =
      '1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0'.split(' ')
    expect(ordered.toReversed().toSorted(compareVersions)).toEqual(ordered)
  })

  test('takes integers by value', () =>
    expect(['10', '9', '100'].toSorted(compareVersions)).toEqual(['9', '10', '100']))

  property.prop([version, version, version])('is a total order that tells any two texts apart', (a, b, c) => {
    expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0)
    expect(compareVersions(a, b) === 0).toBe(a === b)
    if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) expect(compareVersions(a, c)).toBeLessThanOrEqual(0)
  })
})

describe('latest', () => {
  test('is a release, however high a pre-release stands', () => {
    expect(latestVersion(['1.0.0', '2.0.0-rc.1', '0.9.0'])).toBe('1.0.0')
    expect(latestVersion(['2.0.0-rc.1', '2.0.0-rc.2'])).toBe('2.0.0-rc.2')
    expect(latestVersion([])).toBeUndefined()
  })

  property.prop([fc.array(semverVersion, { minLength: 1 })])('is outranked by none', (versions) => {
    const latest = latestVersion(versions)
    expect(versions.filter((other) => outranks(other, latest ?? ''))).toEqual([])
  })
})

describe('chooseVersioning', () => {
  test.each([
    ['any', undefined, undefined, undefined, 'integer'],
    ['any', undefined, '1.0.0', undefined, 'semver'],
    ['any', undefined, '5', undefined, 'integer'],
    ['any', undefined, undefined, 'minor', 'semver'],
    ['any', 'semver', undefined, undefined, 'semver'],
    ['any', 'semver', '5', undefined, undefined],
    ['any', 'integer', undefined, 'minor', undefined],
    ['semver', undefined, undefined, undefined, 'semver'],
    ['semver', undefined, '5', undefined, undefined],
    ['integer', undefined, '1.0.0', undefined, undefined],
    ['semver', 'integer', undefined, undefined, 'integer'],
  ] as const)(
    'configured %s, established %s, version %s, bump %s: %s',
    (configured, established, version, bump, chosen) => {
      expect(chooseVersioning({ configured, established, version, bump })).toBe(chosen)
    },
  )
})
