import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Outcome } from './outcome.ts'
import { createRecovery } from './recovery.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const error: Outcome = { kind: 'error', reason: 'down' }
const mistake: Outcome = { kind: 'error', reason: 'the validator answered 404', mistake: true }
const passed: Outcome = { kind: 'passed', findings: [] }
const promised: Outcome = { kind: 'pending', pollUrl: 'https://checkr.test/later', delayMs: 2000 }

/** `waiting`: how many runs wait for their next try. */
const recovering = ({ mayProbe = true, waiting = 1 } = {}) => {
  const brought: { type: string; limit: number }[] = []
  let left = waiting
  const bringForward = (type: string, _withinMs: number, limit: number) => {
    brought.push({ type, limit })
    const moved = Math.min(left, limit)
    if (limit > 1) left -= moved
    return Promise.resolve(moved)
  }
  const recovery = createRecovery({ bringForward, mayProbe: () => mayProbe })
  const fail = (times: number, outcome: Outcome = error) => {
    for (let failed = 0; failed < times; failed++) recovery.note('script', outcome)
  }
  return { brought, recovery, fail }
}
const one = { type: 'script', limit: 1 }
const all = { type: 'script', limit: 1000 }

test('a verdict brings all runs forward that waited, and the next one none', () => {
  const { brought, recovery, fail } = recovering()
  fail(5)
  recovery.note('script', passed)
  recovery.note('script', passed)
  expect(brought).toEqual([all])
})

test('the promise of a verdict tells as well that a validator is back', () => {
  const { brought, recovery, fail } = recovering()
  fail(5)
  recovery.note('script', promised)
  expect(brought).toEqual([all])
})

test('a run that fails while others pass keeps its backoff', () => {
  const { brought, recovery, fail } = recovering()
  for (let round = 0; round < 100; round++) {
    fail(4)
    recovery.note('script', passed)
  }
  expect(brought).toEqual([])
})

test('all go, however many they are', async () => {
  const { brought, recovery, fail } = recovering({ waiting: 2500 })
  fail(5)
  recovery.note('script', passed)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(brought).toEqual([all, all, all])
})

test('no more go when the validator is away again', async () => {
  const { brought, recovery, fail } = recovering({ mayProbe: false, waiting: 2500 })
  fail(5)
  recovery.note('script', passed)
  fail(5)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(brought).toEqual([all])
})

test('while a validator is away one run is tried every fifteen seconds, also when another process gets it', async () => {
  const { brought, recovery, fail } = recovering()
  fail(2)
  for (let tries = 1; tries <= 3; tries++) {
    await vi.advanceTimersByTimeAsync(15_000)
    expect(brought).toEqual(Array.from({ length: tries }, () => one))
  }
  recovery.note('script', passed)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(brought).toHaveLength(3)
})

test('nobody is looked for any more when nobody waits', async () => {
  const { brought, fail } = recovering({ waiting: 0 })
  fail(1)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(brought).toEqual([one])
})

test('what only the operator can mend is tried by its own schedule, and brought forward once it is mended', async () => {
  const { brought, recovery, fail } = recovering()
  fail(1)
  fail(4, mistake)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(brought).toEqual([])
  recovery.note('script', passed)
  expect(brought).toEqual([all])
})

test('a process that begins tries one run of each type at once, and none whose attempts are counted', async () => {
  const uncounted = recovering({ waiting: 0 })
  uncounted.recovery.begin(['script', 'plugin'])
  expect(uncounted.brought).toEqual([one, { type: 'plugin', limit: 1 }])
  const counted = recovering({ mayProbe: false })
  counted.recovery.begin(['script'])
  counted.fail(5)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(counted.brought).toEqual([])
})
