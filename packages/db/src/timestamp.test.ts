import { expect, test } from 'vitest'
import { toTimestamp } from './timestamp.ts'

test.each([
  ['2026-01-31 12:00:00.123456+00', '2026-01-31T12:00:00.123456Z'],
  ['2026-01-31 12:00:00.12345+00', '2026-01-31T12:00:00.123450Z'],
  ['2026-01-31 12:00:00.5+00', '2026-01-31T12:00:00.500000Z'],
  ['2026-01-31 12:00:00+00', '2026-01-31T12:00:00.000000Z'],
])('%s is told as %s', (text, timestamp) => {
  expect(toTimestamp(text)).toBe(timestamp)
})
