import { fc, test as property } from '@fast-check/vitest'
import semver from 'semver'
import { describe, expect, test } from 'vitest'
import { compareVersions, isPrerelease } from './version.ts'
import { type Bound, type Interval, intervalsOf, isRange } from './version-range.ts'

const part = fc.nat({ max: 3 }).map(String)
const release = fc.tuple(part, part, part).map((parts) => parts.join('.'))
const prerelease = fc
  .tuple(release, fc.constantFrom('0', '1', 'alpha', 'alpha.0', 'beta', 'beta.2', 'rc-1'))
  .map((parts) => parts.join('-'))
const version = fc.oneof(release, prerelease)
const integer = fc.integer({ min: 1, max: 5 }).map(String)

const partial = fc.oneof(
  version,
  integer,
  fc.tuple(part, part).map((parts) => parts.join('.')),
  fc.constant('1.x'),
)
const comparator = fc
  .tuple(fc.constantFrom('', '=', '<', '<=', '>', '>=', '^', '~'), partial)
  .map(([operator, bound]) => `${operator}${bound}`)
const alternative = fc.oneof(
  fc.array(comparator, { maxLength: 3 }).map((all) => all.join(' ')),
  fc.tuple(version, version).map((ends) => ends.join(' - ')),
  fc.constant('*'),
)
const range = fc.array(alternative, { minLength: 1, maxLength: 3 }).map((all) => all.join(' || '))

const isWithin = (interval: Interval, one: string) =>
  isPrerelease(one) === interval.prerelease &&
  isFrom(one, interval.from) &&
  (interval.to === null || !isFrom(one, interval.to))
const isFrom = (one: string, { version: bound, behind }: Bound) =>
  behind ? compareVersions(one, bound) > 0 : compareVersions(one, bound) >= 0

describe('the intervals of a range', () => {
  property.prop([range, version], { numRuns: 1000 })('hold what node-semver says is within it', (asked, one) => {
    const within = intervalsOf(asked, 'semver').some((interval) => isWithin(interval, one))
    expect(within).toBe(semver.satisfies(one, asked))
  })
  property.prop([range, integer], { numRuns: 1000 })('count an integer N as N.0.0', (asked, one) => {
    const within = intervalsOf(asked, 'integer').some((interval) => isWithin(interval, one))
    expect(within).toBe(semver.satisfies(`${one}.0.0`, asked))
  })
  test('end where numbers do', () => {
    expect(intervalsOf('>2147483646', 'integer')).toMatchObject([{ from: { version: '2147483647' } }])
    expect(intervalsOf('>2147483647', 'integer')).toEqual([])
  })
})

describe('a range', () => {
  test.each(['', '*', '^1', '1.x || >=2.0.0-rc.1 <3', '1 - 2', '>=9007199254740991'])('may be %j', (text) =>
    expect(isRange(text)).toBe(true),
  )
  test.each([
    'next week',
    '>',
    '^'.repeat(300),
    `1${' '.repeat(300)}`,
    '>=1.0.0-9007199254740992', // no version has such a number
  ])('is not %j', (text) => expect(isRange(text)).toBe(false))
  property.prop([fc.string()])('is any text or none, without a throw', (text) => {
    expect(typeof isRange(text)).toBe('boolean')
  })
})
