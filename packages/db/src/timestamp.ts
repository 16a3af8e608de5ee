import type { Timestamp } from './rows.ts'

const WHOLE_SECOND = '12:00:00'.length
const MICROSECOND = '12:00:00.000000'.length

/**
 * A time as PostgreSQL writes it in UTC (`2026-01-31 12:00:00.5+00`), in RFC 3339 and with all six digits of its
 * microseconds, which PostgreSQL leaves out where they are zeros: times of equal length can be compared as text.
 */
export function toTimestamp(text: string): Timestamp {
  const time = text.slice('2026-01-31 '.length, -'+00'.length)
  const pointed = time.length === WHOLE_SECOND ? `${time}.` : time
  return `${text.slice(0, '2026-01-31'.length)}T${pointed.padEnd(MICROSECOND, '0')}Z`
}
