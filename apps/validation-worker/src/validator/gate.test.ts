import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createGate } from './gate.ts'
import type { CallOutcome } from './outcome.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

const failing = () => Promise.resolve<CallOutcome>({ kind: 'error', reason: 'HTTP 500' })
const passing = () => Promise.resolve<CallOutcome>({ kind: 'passed', findings: [] })
const unlimited = { group: 'acme', concurrency: 100, ratePerSecond: undefined, isRoom: true }

describe('the gate before a validator', () => {
  it('opens after five errors in a row, then lets one try through at a time, and closes when that succeeds', async () => {
    const heard: string[] = []
    const listener = { opened: () => heard.push('opened'), closed: () => heard.push('closed') }
    const gate = createGate(listener, Date.now, () => 0)
    for (let error = 0; error < 5; error++) await gate.pass(unlimited, failing)
    expect(await gate.pass(unlimited, passing)).toMatchObject({ kind: 'postponed', delayMs: 10_000 })
    vi.advanceTimersByTime(10_000)

    const { promise, resolve } = Promise.withResolvers<CallOutcome>()
    const only = gate.pass(unlimited, () => promise)
    expect(await gate.pass(unlimited, passing)).toMatchObject({ kind: 'postponed', reason: 'breaker_open' })
    resolve({ kind: 'error', reason: 'still' })
    await only
    expect(gate.state()).toBe('open')

    vi.advanceTimersByTime(10_000)
    expect(await gate.pass(unlimited, passing)).toMatchObject({ kind: 'passed' })
    expect(gate.state()).toBe('closed')
    expect(heard).toEqual(['opened', 'opened', 'closed'])
  })

  it('is open for no longer where the clock is set back meanwhile', async () => {
    let elapsed = 0
    const gate = createGate(
      { opened: () => {}, closed: () => {} },
      () => elapsed,
      () => 0,
    )
    for (let error = 0; error < 5; error++) await gate.pass(unlimited, failing)
    vi.setSystemTime(Date.now() - 3_600_000)
    elapsed += 10_000
    expect(await gate.pass(unlimited, passing)).toMatchObject({ kind: 'passed' })
  })

  it('puts off what is beyond the concurrency, and lets it pass later', async () => {
    const gate = createGate({ opened: () => {}, closed: () => {} }, Date.now, () => 0)
    const { promise, resolve } = Promise.withResolvers<CallOutcome>()
    const first = gate.pass({ ...unlimited, concurrency: 1 }, () => promise)
    expect(await gate.pass({ ...unlimited, concurrency: 1 }, passing)).toMatchObject({ reason: 'no_free_slot' })
    resolve({ kind: 'passed', findings: [] })
    await first
    expect(await gate.pass({ ...unlimited, concurrency: 1 }, passing)).toMatchObject({ kind: 'passed' })
  })

  it('gives few calls to a validator that has not answered of late, and as many as it may have once it does', async () => {
    const gate = createGate({ opened: () => {}, closed: () => {} }, Date.now, () => 0)
    const answers = Array.from({ length: 20 }, () => Promise.withResolvers<CallOutcome>())
    const ask = () => answers.map(({ promise }) => gate.pass(unlimited, () => promise))
    const putOff = async (asked: readonly Promise<{ kind: string }>[]) => {
      const outcomes = await Promise.all(asked.map((one) => Promise.race([one, Promise.resolve({ kind: 'called' })])))
      return outcomes.filter(({ kind }) => kind === 'postponed').length
    }
    const first = ask()
    await Promise.all(first.slice(8)) // put off at once
    expect(await putOff(first)).toBe(12)
    answers[0]?.resolve({ kind: 'passed', findings: [] })
    await first[0]
    expect(await putOff(ask())).toBe(0)
    for (const { resolve } of answers) resolve({ kind: 'passed', findings: [] })
    await Promise.all(first)
    vi.advanceTimersByTime(60_000)
    const hanging = Array.from({ length: 20 }, () => gate.pass(unlimited, () => new Promise<never>(() => {})))
    await Promise.all(hanging.slice(8))
    expect(await putOff(hanging)).toBe(12)
  })

  it('keeps to so many calls in any second, and makes as many in each', async () => {
    const gate = createGate({ opened: () => {}, closed: () => {} }, Date.now, () => 0)
    const limits = { ...unlimited, ratePerSecond: 2 }
    const passedAt: number[] = []
    const begun = Date.now()
    while (passedAt.length < 6) {
      const outcome = await gate.pass(limits, passing)
      if (outcome.kind === 'passed') passedAt.push(Date.now() - begun)
      vi.advanceTimersByTime(100)
    }
    expect(passedAt).toEqual([0, 100, 1_000, 1_100, 2_000, 2_100])
  })

  it('tells when the next call keeps to the rate', async () => {
    const gate = createGate({ opened: () => {}, closed: () => {} }, Date.now, () => 0)
    const limits = { ...unlimited, ratePerSecond: 2 }
    for (let call = 0; call < 2; call++) await gate.pass(limits, async () => (vi.advanceTimersByTime(300), passing()))
    expect(await gate.pass(limits, passing)).toMatchObject({ reason: 'rate_limit', delayMs: 400 })
  })

  it('asks of many that wait no more of the queue than the slots give reason for', async () => {
    const gate = createGate({ opened: () => {}, closed: () => {} }, Date.now, Math.random)
    const limits = { ...unlimited, concurrency: 2 }
    for (let call = 0; call < 50; call++) await gate.pass(limits, async () => (vi.advanceTimersByTime(200), passing()))
    const hold = Promise.withResolvers<CallOutcome>()
    const running = [gate.pass(limits, () => hold.promise), gate.pass(limits, () => hold.promise)]
    const delays: number[] = []
    for (let run = 0; run < 1_000; run++) {
      const outcome = await gate.pass(limits, passing)
      delays.push('delayMs' in outcome ? outcome.delayMs : 0)
    }
    // Ten slots come free in a second: as many ask in it as a few times that, not a thousand.
    const soon = delays.filter((delayMs) => delayMs < 1_000).length
    expect(soon).toBeGreaterThan(10)
    expect(soon).toBeLessThan(150)
    expect(Math.max(...delays)).toBeLessThan(45_000)
    hold.resolve({ kind: 'passed', findings: [] })
    await Promise.all(running)
  })

  describe('between groups', () => {
    const closed = { opened: () => {}, closed: () => {} }
    /** Runs of a call that ends when told to. */
    const begin = (gate: ReturnType<typeof createGate>, group: string, limits: { concurrency: number }) => {
      const { promise, resolve } = Promise.withResolvers<CallOutcome>()
      const passed = gate.pass({ ...unlimited, ...limits, group }, () => promise)
      return { passed, end: async () => (resolve({ kind: 'passed', findings: [] }), await passed) }
    }

    it.each([1, 4])('keeps a slot that comes free for the group that has less running, of %d', async (concurrency) => {
      const gate = createGate(closed, Date.now, () => 0.5)
      const running = Array.from({ length: concurrency }, () => begin(gate, 'busy', { concurrency }))
      const ask = (group: string) => gate.pass({ ...unlimited, group, concurrency }, passing)
      const put = await ask('quiet')
      expect(put).toMatchObject({ kind: 'postponed', reason: 'no_free_slot' })
      await running[0]?.end()
      for (let run = 0; run < 100; run++) expect((await ask('busy')).kind).toBe('postponed')
      vi.advanceTimersByTime('delayMs' in put ? put.delayMs : 0)
      expect(await ask('quiet')).toMatchObject({ kind: 'passed' })
      expect(await ask('busy')).toMatchObject({ kind: 'passed' })
      for (const one of running.slice(1)) await one.end()
    })

    it('keeps nothing for a group that does not come back', async () => {
      const gate = createGate(closed, Date.now, () => 0.5)
      const running = begin(gate, 'busy', { concurrency: 1 })
      const ask = (group: string) => gate.pass({ ...unlimited, group, concurrency: 1 }, passing)
      await ask('gone')
      await running.end()
      expect((await ask('busy')).kind).toBe('postponed')
      vi.advanceTimersByTime(3_000)
      expect((await ask('busy')).kind).toBe('passed')
    })

    it('shares what a second allows, and lets one group have all when it is alone', async () => {
      const gate = createGate(closed, Date.now, () => 0.5)
      const ask = async (group: string) => (await gate.pass({ ...unlimited, group, ratePerSecond: 1 }, passing)).kind
      expect([await ask('busy'), await ask('quiet')]).toEqual(['passed', 'postponed'])
      vi.advanceTimersByTime(1_000)
      expect([await ask('busy'), await ask('busy'), await ask('quiet')]).toEqual(['postponed', 'postponed', 'passed'])
      vi.advanceTimersByTime(10_000)
      expect([await ask('busy'), await ask('busy')]).toEqual(['passed', 'postponed'])
      vi.advanceTimersByTime(1_000)
      expect(await ask('busy')).toBe('passed')
    })
  })
})
