import semver from 'semver'
import { MAX_INTEGER, parseVersion, type Versioning } from './version.ts'

export const MAX_RANGE_LENGTH = 256

/** Whether the text is a range in node-semver's grammar, where nothing means any version, and names only what can be one. */
export const isRange = (range: string): boolean =>
  range.length <= MAX_RANGE_LENGTH &&
  semver.validRange(range) !== null &&
  comparatorSets(range).every((set) => set.every((comparator) => parseVersion(comparator.semver.version) !== undefined))

/** A place in the order of precedence: at a version, or right behind it. */
export type Bound = { version: string; behind: boolean }

/** The releases, or the pre-releases, from one place up to another (null: up to the end). */
export type Interval = { prerelease: boolean; from: Bound; to: Bound | null }

/**
 * A range (one that isRange) as intervals of precedence: so the highest version within it is one step down an index for
 * each of them, however many versions there are. A pre-release is within it only if the range names one of the same
 * release (node-semver). An integer N counts as N.0.0, so that `>=3 <7` works for both kinds.
 */
export function intervalsOf(range: string, versioning: Versioning): Interval[] {
  return comparatorSets(range).flatMap(versioning === 'integer' ? integersWithin : semverWithin)
}

/** The alternatives of a range: what all of one's comparators let through is within it. That of `*` bounds nothing. */
const comparatorSets = (range: string): semver.Comparator[][] =>
  new semver.Range(range).set.map((set) => set.filter((comparator) => comparator.semver instanceof semver.SemVer))

function semverWithin(comparators: readonly semver.Comparator[]): Interval[] {
  const from = comparators.map(lowerBound).reduce(higher, LOWEST)
  const to = comparators.map(upperBound).reduce(lower, null)
  const named = comparators.filter((comparator) => comparator.semver.prerelease.length > 0)
  const intervals = [
    { prerelease: false, from, to },
    ...named.map(({ semver: { major, minor, patch } }) => {
      const release = `${major}.${minor}.${patch}`
      return { prerelease: true, from: higher(from, at(`${release}-0`)), to: lower(to, at(release)) }
    }),
  ]
  return intervals.filter((interval) => interval.to === null || interval.from !== higher(interval.from, interval.to))
}

function integersWithin(comparators: readonly semver.Comparator[]): Interval[] {
  let [first, last] = [1, MAX_INTEGER]
  for (const comparator of comparators) {
    const { major } = comparator.semver
    const fits = comparator.test(`${major}.0.0`)
    if (!comparator.operator.startsWith('<')) first = Math.max(first, fits ? major : major + 1)
    if (!comparator.operator.startsWith('>')) last = Math.min(last, fits ? major : major - 1)
  }
  if (first > last) return []
  return [{ prerelease: false, from: at(String(first)), to: { version: String(last), behind: true } }]
}

const at = (version: string): Bound => ({ version, behind: false })

const LOWEST = at('0.0.0-0')

const lowerBound = ({ operator, semver: { version } }: semver.Comparator): Bound =>
  operator.startsWith('<') ? LOWEST : { version, behind: operator === '>' }

const upperBound = ({ operator, semver: { version } }: semver.Comparator): Bound | null =>
  operator.startsWith('>') ? null : { version, behind: operator !== '<' }

/** Of two places the higher one; the first, where they are the same. */
const higher = (a: Bound, b: Bound): Bound =>
  (semver.compare(a.version, b.version) || Number(a.behind) - Number(b.behind)) >= 0 ? a : b

const lower = (a: Bound | null, b: Bound | null): Bound | null => {
  if (a === null || b === null) return a ?? b
  return a === higher(a, b) ? b : a
}
