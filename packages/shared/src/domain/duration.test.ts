import { expect, test } from 'vitest'
import { parseDuration } from './duration.ts'

test.each([
  ['200ms', 200],
  ['2s', 2_000],
  ['15m', 900_000],
  ['24h', 86_400_000],
  ['90d', 7_776_000_000],
  ['0s', 0],
])('%s is %d milliseconds', (text, ms) => expect(parseDuration(text)).toBe(ms))

test.each(['', '5', 's', '1.5h', '-1s', '1 s', '1S', '1w', '2m30s', '1s\n', '999999999999999d'])(
  '%j is no duration',
  (text) => expect(parseDuration(text)).toBeUndefined(),
)
