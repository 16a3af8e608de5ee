import * as v from 'valibot'

const WRONG = 'is not an RFC 3339 time such as 2026-01-31T12:00:00Z ("+" in a URL is written %2B)'
const PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d(?:\.\d{1,9})?|60(?:\.0{1,9})?)(?:[Zz]|[+-](?:0\d|1[0-5]):[0-5]\d)$/u
const SECONDS = 'YYYY-MM-DDTHH:MM:'.length

/**
 * A moment as a request gives it, kept as text so that no microsecond is lost; every one that passes is one to PostgreSQL
 * too: a day that the calendar has, from the year 1 on, the beginning of a leap second where one may be, and an offset that
 * some place on earth may have.
 */
export const Rfc3339 = v.pipe(
  v.string(WRONG),
  v.regex(PATTERN, WRONG),
  v.check((text) => isDay(PATTERN.exec(text) ?? []) && (!isLeapSecond(text) || beginsDay(instantOf(text))), WRONG),
  v.metadata({ toldAs: { type: 'string', format: 'date-time' } }),
)

/** In milliseconds since 1970. A leap second is the same as the one after it, as it is to PostgreSQL. */
export function instantOf(time: string): number {
  const text = time.toUpperCase()
  if (!isLeapSecond(text)) return Date.parse(text)
  return Date.parse(`${text.slice(0, SECONDS)}59${text.slice(SECONDS + 2)}`) + 1000
}

function isDay([, year, month, day]: readonly string[]): boolean {
  if (year === '0000') return false
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day)
}

const isLeapSecond = (text: string): boolean => text.startsWith('60', SECONDS)

/** Leap seconds are the last of a day in UTC, wherever they are told of. */
function beginsDay(instant: number): boolean {
  const date = new Date(instant)
  return date.getUTCHours() === 0 && date.getUTCMinutes() === 0
}
