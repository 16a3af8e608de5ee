import { test as property, fc } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { outcomeOf } from './outcome.ts'

const made = { attempts: 1, schedule: [5000, 300_000], now: Date.parse('2026-01-01T00:00:00Z'), random: 0 }

describe('the outcome of an attempt', () => {
  it.each([200, 201, 204, 299])('%i is a success', (status) => {
    expect(outcomeOf({ status, retryAfter: undefined }, made)).toEqual({ kind: 'delivered' })
  })

  it('410 ends the subscriber', () => {
    expect(outcomeOf({ status: 410, retryAfter: undefined }, made)).toEqual({ kind: 'gone' })
  })

  it.each([301, 302, 307, 400, 401, 404, 408, 429, 500, 503])('%i is tried again by the schedule', (status) => {
    expect(outcomeOf({ status, retryAfter: undefined }, made)).toEqual({ kind: 'retry', inMs: 5000 })
  })

  it('no answer at all is tried again', () => {
    expect(outcomeOf({ error: 'timeout' }, { ...made, attempts: 2 })).toEqual({ kind: 'retry', inMs: 300_000 })
  })

  it('is exhausted when the schedule has no next attempt', () => {
    expect(outcomeOf({ status: 500, retryAfter: undefined }, { ...made, attempts: 3 })).toEqual({ kind: 'exhausted' })
  })

  it.each([
    ['120', 120_000],
    ['Thu, 01 Jan 2026 00:02:00 GMT', 120_000],
    ['1', 5000],
    ['-5', 5000],
    ['soon', 5000],
    ['999999999', 24 * 3_600_000],
  ])('lets Retry-After: %s only delay, and not for ever', (retryAfter, inMs) => {
    expect(outcomeOf({ status: 503, retryAfter }, made)).toEqual({ kind: 'retry', inMs })
  })

  property.prop([fc.double({ min: 0, max: 0.999999, noNaN: true })])('adds at most a fifth', (random) => {
    const outcome = outcomeOf({ status: 500, retryAfter: undefined }, { ...made, random })
    expect(outcome.kind === 'retry' && outcome.inMs >= 5000 && outcome.inMs <= 6000).toBe(true)
  })
})
