import semver from 'semver'

export const VERSIONINGS = ['integer', 'semver'] as const
export type Versioning = (typeof VERSIONINGS)[number]

export const BUMPS = ['patch', 'minor', 'major'] as const
export type Bump = (typeof BUMPS)[number]

const MAX_LENGTH = 64
export const MAX_INTEGER = 2_147_483_647
const MAX_PART = Number.MAX_SAFE_INTEGER
const INTEGER = /^[1-9]\d{0,9}$/u
const SEMVER =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*)?$/u

/** What a version is, for whom sends something else. */
export const VERSION_RULE =
  `must be a positive integer up to ${MAX_INTEGER}, or a SemVer 2.0.0 string without build metadata, ` +
  `of at most ${MAX_LENGTH} characters and with numbers up to ${MAX_PART}`

/**
 * The canonical text of a version, or undefined if it is none: a positive integer (7 or "7") or a SemVer 2.0.0 string
 * without build metadata. Two texts are one version only if they are equal, so nothing is trimmed or completed.
 */
export function parseVersion(input: unknown): string | undefined {
  if (typeof input === 'number') return Number.isInteger(input) ? parseVersion(String(input)) : undefined
  if (typeof input !== 'string' || input.length > MAX_LENGTH) return undefined
  if (INTEGER.test(input)) return Number(input) <= MAX_INTEGER ? input : undefined
  return SEMVER.test(input) && numericParts(input).every(isExact) ? input : undefined
}

/** Which kind of version a canonical text is. */
export const versioningOf = (version: string): Versioning => (version.includes('.') ? 'semver' : 'integer')

export const isPrerelease = (version: string): boolean => version.includes('-')

/** Precedence: integers by value, SemVer by its section 11. One name never mixes both; if asked, integers come first. */
export function compareVersions(a: string, b: string): number {
  const [kindA, kindB] = [versioningOf(a), versioningOf(b)]
  if (kindA !== kindB) return kindA === 'integer' ? -1 : 1
  return kindA === 'integer' ? Math.sign(Number(a) - Number(b)) : semver.compare(a, b)
}

/** The latest of some versions: the highest release, or the highest pre-release where there is no release. */
export function latestVersion(versions: Iterable<string>): string | undefined {
  let latest: string | undefined
  for (const version of versions) {
    if (latest === undefined || outranks(version, latest)) latest = version
  }
  return latest
}

/** Whether a version would be latest in place of another one: any release stands above every pre-release. */
export function outranks(version: string, other: string): boolean {
  if (isPrerelease(version) !== isPrerelease(other)) return isPrerelease(other)
  return compareVersions(version, other) > 0
}

export type VersioningQuestion = {
  configured: Versioning | 'any'
  /** What the name and type use already; it holds also when the configuration has changed since. */
  established: Versioning | undefined
  version: string | undefined
  bump: Bump | undefined
}

/** The kind of versions that a name and type go by from here on; undefined when the request would mix two kinds. */
export function chooseVersioning({
  configured,
  established,
  version,
  bump,
}: VersioningQuestion): Versioning | undefined {
  const fixed = established ?? (configured === 'any' ? undefined : configured)
  const asked = version === undefined ? bump && 'semver' : versioningOf(version)
  if (fixed === undefined) return asked ?? 'integer'
  return asked === undefined || asked === fixed ? fixed : undefined
}

/** The first hyphen ends the core; any further one belongs to an identifier, which then is no number. */
const numericParts = (version: string): string[] =>
  version
    .replace('-', '.')
    .split('.')
    .filter((part) => /^\d+$/u.test(part))

const isExact = (digits: string): boolean => BigInt(digits) <= BigInt(MAX_PART)
