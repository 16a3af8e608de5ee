import * as v from 'valibot'

const WRONG = 'is not an RFC 3339 time'
const PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-5]):[0-5]\d)$/u

/**
 * A moment as a request gives it, kept as text so that no microsecond is lost; every one that passes is one to PostgreSQL
 * too: a day that the calendar has, from the year 1 on, no leap second, and an offset that some place on earth may have.
 */
export const Rfc3339 = v.pipe(
  v.string(WRONG),
  v.regex(PATTERN, WRONG),
  v.check((text) => isDay(PATTERN.exec(text) ?? []), WRONG),
)

function isDay([, year, month, day]: readonly string[]): boolean {
  if (year === '0000') return false
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day)
}
