import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { backoffCeiling, backoffDelay, parseRetryAfter, withRetryAfter } from './backoff.ts'

const schedule = { firstMs: 2_000, maxMs: 300_000 }
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('backoff', () => {
  test('doubles from the first delay up to the longest', () => {
    expect([1, 2, 3, 8, 9, 1e9].map((attempts) => backoffCeiling(attempts, schedule))).toEqual([
      2_000, 4_000, 8_000, 256_000, 300_000, 300_000,
    ])
  })

  property.prop([fc.nat(), fc.record({ firstMs: fc.nat(), maxMs: fc.nat() }), random])(
    'stays between nothing and its ceiling',
    (attempts, any, chance) => {
      const delay = backoffDelay(attempts, any, chance)
      expect(Number.isInteger(delay)).toBe(true)
      expect(delay).toBeGreaterThanOrEqual(0)
      expect(delay).toBeLessThanOrEqual(backoffCeiling(attempts, any))
      expect(backoffCeiling(attempts, any)).toBeLessThanOrEqual(backoffCeiling(attempts + 1, any))
    },
  )
})

describe('Retry-After', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  test.each([
    ['120', 120_000],
    ['0', 0],
    [' 5 ', 5_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2026-01-01', undefined],
    ['Xxx, 99 Xxx 2026 00:01:00 GMT', undefined],
    ['', undefined],
    [null, undefined],
  ])('%j asks to wait %s', (value, ms) => expect(parseRetryAfter(value, now)).toBe(ms))

  test('only ever delays, up to the cap', () => {
    expect(withRetryAfter(10_000, undefined, 900_000)).toBe(10_000)
    expect(withRetryAfter(10_000, 1_000, 900_000)).toBe(10_000)
    expect(withRetryAfter(10_000, 60_000, 900_000)).toBe(60_000)
    expect(withRetryAfter(10_000, 1e15, 900_000)).toBe(900_000)
  })

  property.prop([fc.nat(), fc.string(), fc.nat()])(
    'whatever the peer says, the delay is a finite number that never shrinks',
    (delay, value, cap) => {
      const wait = withRetryAfter(delay, parseRetryAfter(value, now), cap)
      expect(wait).toBeGreaterThanOrEqual(delay)
      expect(wait).toBeLessThanOrEqual(Math.max(delay, cap))
    },
  )
})
