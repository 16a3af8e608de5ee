import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Outcome } from './outcome.ts'
import { createRecovery } from './recovery.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const error: Outcome = { kind: 'error', reason: 'down' }
const mistake: Outcome = { kind: 'error', reason: 'the validator answered 404', mistake: true }
const passed: Outcome = { kind: 'passed', findings: [] }

const recovering = (mayProbe = true) => {
  const brought: { type: string; limit: number }[] = []
  const bringForward = async (type: string, _withinMs: number, limit: number) => void brought.push({ type, limit })
  return { brought, recovery: createRecovery({ bringForward, mayProbe: () => mayProbe }) }
}

test('a verdict brings all runs forward that waited, and the next one none', () => {
  const { brought, recovery } = recovering()
  recovery.note('script', error)
  recovery.note('script', passed)
  recovery.note('script', passed)
  expect(brought).toEqual([{ type: 'script', limit: 1000 }])
})

test('while a validator is away one run is tried every fifteen seconds', () => {
  const { brought, recovery } = recovering()
  for (let tries = 1; tries <= 3; tries++) {
    recovery.note('script', error)
    recovery.note('script', error)
    vi.advanceTimersByTime(15_000)
    expect(brought).toEqual(Array.from({ length: tries }, () => ({ type: 'script', limit: 1 })))
  }
  recovery.note('script', passed)
  vi.advanceTimersByTime(60_000)
  expect(brought).toHaveLength(4)
})

test('what only the operator can mend is tried by its own schedule, and brought forward once it is mended', () => {
  const { brought, recovery } = recovering()
  recovery.note('script', mistake)
  vi.advanceTimersByTime(60_000)
  expect(brought).toEqual([])
  recovery.note('script', passed)
  expect(brought).toEqual([{ type: 'script', limit: 1000 }])
})

test('a process that begins tries one run of each type at once, and none whose attempts are counted', () => {
  const uncounted = recovering()
  uncounted.recovery.begin(['script', 'plugin'])
  expect(uncounted.brought).toEqual([
    { type: 'script', limit: 1 },
    { type: 'plugin', limit: 1 },
  ])
  const counted = recovering(false)
  counted.recovery.begin(['script'])
  counted.recovery.note('script', error)
  vi.advanceTimersByTime(60_000)
  expect(counted.brought).toEqual([])
})
