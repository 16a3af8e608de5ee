import * as v from 'valibot'
import { DURATION_PATTERN, parseDuration } from '../domain/duration.ts'

/** `200ms`, `2s`, `15m`, `24h`, `90d`: milliseconds. */
export const Duration = v.pipe(
  v.string('a duration such as 30s, 15m or 90d'),
  v.regex(DURATION_PATTERN, 'a duration such as 30s, 15m or 90d'),
  v.check((text) => !DURATION_PATTERN.test(text) || parseDuration(text) !== undefined, 'a shorter duration'),
  v.transform((text) => parseDuration(text) ?? 0),
)

/** Of which nothing would be left with 0. */
export const PositiveDuration = v.pipe(Duration, v.minValue(1, 'a duration longer than 0'))

const DAY_MS = 86_400_000

/** How long a call may take. A timer could not wait for a month. */
export const Timeout = v.pipe(PositiveDuration, v.maxValue(DAY_MS, 'a duration of at most 24h'))
