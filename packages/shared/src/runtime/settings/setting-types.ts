import * as v from 'valibot'
import { parseDuration } from '../../domain/duration.ts'
import { MAX_CONTENT_BYTES } from '../../domain/content-size.ts'
import { parseAddressRange } from '../../schemas/address-range.ts'
import { parseRedisUrl } from '../redis/redis-url.ts'

const LONGEST_TIMER_MS = 7 * 86_400_000
const BYTES: Record<string, number> = { B: 1, kB: 1000, KiB: 1024, MB: 1e6, MiB: 2 ** 20, GB: 1e9, GiB: 2 ** 30 }

/** A setting's type: how to read the text, and what to say was expected when it cannot be read. */
const read = <T>(expected: string, parse: (text: string) => T | undefined) =>
  v.pipe(
    v.string(),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const value = parse(dataset.value)
      if (value !== undefined) return value
      addIssue({ message: expected })
      return NEVER
    }),
  )

const measured = (text: string, units: Record<string, number>): number | undefined => {
  const [, amount = '', unit = ''] = /^(\d{1,12})([A-Za-z]+)$/.exec(text) ?? []
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined
  return factor === undefined ? undefined : Number(amount) * factor
}
const positive = (value: number | undefined) => (value === undefined || value <= 0 ? undefined : value)
const wholeNumber = (text: string) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined)
const listOf = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

const everyOne = <T>(parts: readonly string[], parse: (part: string) => T | undefined): T[] | undefined => {
  const values = parts.map(parse).filter((value) => value !== undefined)
  return values.length === parts.length ? values : undefined
}

/** A host to listen on, a folder, a claim's path: any text that is not empty. */
export const Text = read('a text', (text) => text)

/** A text that could not be guessed if it was shorter. */
export const textFrom = (bytes: number) =>
  read(`a text of at least ${bytes} bytes`, (text) => (Buffer.byteLength(text) < bytes ? undefined : text))

/** A TCP port; 0 lets the system choose a free one. */
export const Port = read('a port number (0 to 65535)', (text) => {
  const port = wholeNumber(text)
  return port !== undefined && port <= 65_535 ? port : undefined
})

/** A whole number of at least 1. */
export const Count = read('a whole number of at least 1', (text) => positive(wholeNumber(text)))

/** A whole number up to one beyond which nothing could come of it. */
export const countUpTo = (most: number) =>
  read(`a whole number from 1 to ${most}`, (text) => {
    const count = positive(wholeNumber(text))
    return count !== undefined && count <= most ? count : undefined
  })

/** A limit that is off by default: `unlimited` is read as Infinity, so that comparing needs no special case. */
export const CountLimit = read('a whole number of at least 1, or "unlimited"', (text) =>
  text === 'unlimited' ? Number.POSITIVE_INFINITY : positive(wholeNumber(text)),
)

/** A size in bytes, such as `1MiB`, `64kB` or `1048576`. */
export const Size = read('a size such as 64kB, 1MiB or a number of bytes', (text) =>
  positive(wholeNumber(text) ?? measured(text, BYTES)),
)

/** A size that content can have. */
export const ContentSize = read('a size such as 64kB or 1MiB, of at most 512MiB', (text) => {
  const bytes = positive(wholeNumber(text) ?? measured(text, BYTES))
  return bytes !== undefined && bytes <= MAX_CONTENT_BYTES ? bytes : undefined
})

/** A limit on bytes; `unlimited` is read as Infinity. */
export const SizeLimit = read('a size such as 64kB or 1GiB, or "unlimited"', (text) =>
  text === 'unlimited' ? Number.POSITIVE_INFINITY : positive(wholeNumber(text) ?? measured(text, BYTES)),
)

/** A duration in milliseconds, written as `200ms`, `2s`, `15m`, `24h` or `90d`. */
export const Duration = read('a duration such as 200ms, 2s, 15m, 24h or 90d', (text) => positive(parseDuration(text)))

/** A duration that is not shorter than another one. */
export const durationFrom = (shortest: string) =>
  read(`a duration of at least ${shortest}`, (text) => {
    const ms = parseDuration(text)
    return ms !== undefined && ms >= (parseDuration(shortest) ?? 0) ? ms : undefined
  })

/** A duration that a timer counts, of Node or PostgreSQL: beyond 2^31 ms the one goes off at once and the other refuses to connect. */
export const TimerDuration = read('a duration such as 200ms, 2s, 15m or 24h, of at most 7d', (text) => {
  const ms = positive(parseDuration(text))
  return ms !== undefined && ms <= LONGEST_TIMER_MS ? ms : undefined
})

/** A comma-separated list of durations. */
export const Durations = read('durations separated by commas, such as 5s,5m,30m', (text) => {
  const parts = listOf(text)
  return parts.length === 0 ? undefined : everyOne(parts, (part) => positive(parseDuration(part)))
})

export const Switch = read('true or false', (text) => ({ true: true, false: false })[text])

/** A number from 0 to 1. */
export const Ratio = read('a number from 0 to 1', (text) => {
  const value = /^\d(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  return value <= 1 ? value : undefined
})

/** A comma-separated list without empty parts. */
export const List = read('a list separated by commas', (text) => {
  const parts = listOf(text)
  return parts.length === 0 ? undefined : parts
})

/** IP addresses and ranges, such as `10.0.0.0/8,fd00::/8`. */
export const AddressRanges = read('IP addresses or CIDR ranges separated by commas, such as 10.0.0.0/8,::1', (text) =>
  everyOne(listOf(text), parseAddressRange),
)

/** A URL with one of the given schemes. */
export const urlOf = (...schemes: readonly string[]) =>
  read(`a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`, (text) => {
    const url = URL.parse(text)
    return url !== null && schemes.includes(url.protocol.slice(0, -1)) ? text : undefined
  })

/** Where Redis is: one server, Sentinels or a Cluster. */
export const RedisUrl = read(
  'a URL such as redis://host:6379, redis-sentinel://host:26379,host:26379/0?name=master or redis-cluster://host:6379,host:6379 (rediss for TLS)',
  (text) => (parseRedisUrl(text) === undefined ? undefined : text),
)

/** One of a closed set of words. */
export const oneOf = <const T extends string>(...words: readonly T[]) =>
  read(`one of ${words.join(', ')}`, (text) => words.find((word) => word === text))

/** Some words of a closed set, in the order that matters to the reader, none twice. */
export const someOf = <const T extends string>(...words: readonly T[]) =>
  read(`some of ${words.join(', ')}, separated by commas, none twice`, (text) => {
    const parts = listOf(text)
    return parts.length === 0 || new Set(parts).size !== parts.length
      ? undefined
      : everyOne(parts, (part) => words.find((word) => word === part))
  })
