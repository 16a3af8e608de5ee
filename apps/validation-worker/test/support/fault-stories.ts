import { expect } from 'vitest'
import type { TestWorker } from './worker.ts'

type Submitted = Awaited<ReturnType<TestWorker['submit']>>

/** What the tests of faults tell again and again: something is wrong with a validator, and then it is not any more. */
export function faultStories(worker: TestWorker) {
  let types = 0

  /** A type of the test's own, so that the breaker of one fault says nothing about the next. */
  function aType(url: string, validator: Record<string, unknown> = {}): string {
    const type = `fault-${++types}`
    worker.configure({ [type]: { requires_validation: true, validator: { url, timeout: '200ms', ...validator } } })
    return type
  }

  /** After the fault everything is as it should be: one verdict, one event, nothing left to do. */
  async function recovers(artifact: Submitted) {
    await worker.work(artifact)
    await worker.work(artifact)
    const state = await worker.stateOf(artifact)
    expect(state).toMatchObject({ status: 'published', run: { state: 'passed' }, message: undefined })
    expect(state.events.map(({ event_type, sequence }) => ({ event_type, sequence }))).toEqual([
      { event_type: 'published', sequence: 1 },
    ])
    expect(state.tries.filter(({ outcome }) => outcome === 'passed')).toHaveLength(1)
  }

  async function failsThenRecovers(type: string, reason: RegExp, mend: () => void) {
    const artifact = await worker.submit({ type })
    expect(await worker.work(artifact)).toBe('scheduled')
    const state = await worker.stateOf(artifact)
    expect(state).toMatchObject({ status: 'on_verification', run: { state: 'error', attempts: 1 }, events: [] })
    expect(state.tries).toEqual([{ outcome: 'error', reason: expect.stringMatching(reason) }])
    expect(state.message?.due_in_ms).toBeGreaterThan(0)
    mend()
    await recovers(artifact)
  }

  return { aType, recovers, failsThenRecovers }
}
