import { describe, expect, it } from 'vitest'
import { insertRecheck } from '@keepr/db/rechecks/insert-recheck'
import { updateRecheckState } from '@keepr/db/rechecks/update-recheck-state'
import { planRechecks } from '../src/jobs/plan-rechecks.ts'
import { sweepStuckRuns } from '../src/jobs/sweep-stuck-runs.ts'
import { validateArtifact } from './support/validate-artifact.ts'
import { json } from './support/http-peer.ts'
import { setUp } from './support/set-up.ts'
import type { TestWorker } from './support/worker.ts'

const { worker, peer } = await setUp()

let types = 0
async function published(count: number, config: Record<string, unknown> = {}) {
  const type = `again-${++types}`
  worker.configure({ [type]: { requires_validation: true, validator: { url: peer.url, attempts: 1 }, ...config } })
  peer.behave(json(200, { valid: true }))
  const artifacts = await Promise.all(
    Array.from({ length: count }, (_, index) => worker.submit({ type, group_id: `group-${index % 3}` })),
  )
  for (const artifact of artifacts) await worker.work(artifact)
  return { type, artifacts }
}
const begin = (artifact_type: string, simulate = false) =>
  worker.ctx.db.withService(null, (tx) => insertRecheck(tx, { artifact_type, simulate, requested_by: 'olga' }))
const progress = async (type: string) => {
  const [row] = await worker.database.admin`
    select state, total, started, passed, failed, unavailable, skipped from rechecks
     where artifact_type = ${type} order by created_at desc limit 1`
  return row
}
/** Plans and works until nothing is left, as the planner and the queue would. @returns the most runs seen open at once */
async function through(type: string) {
  let most = 0
  for (;;) {
    await planRechecks(worker.ctx)
    const open = await worker.database.admin<{ group_id: string; refs: string[] }[]>`
      select group_id, refs from outbox where kind = 'validate_run' and lane = ${type}`
    most = Math.max(most, open.length)
    for (const message of open) await validateArtifact(worker.ctx)(message)
    if (open.length === 0) return most
  }
}
const statusOf = async (artifact: Awaited<ReturnType<TestWorker['submit']>>) => {
  const { status, events } = await worker.stateOf(artifact)
  return { status, events: events.map(({ event_type }) => event_type) }
}

describe('the re-validation of published content', () => {
  it('judges everything of the type once, few at a time, tells its progress and leaves what passes alone', async () => {
    const { type, artifacts } = await published(20)
    await begin(type)
    expect(await begin(type)).toBeUndefined()
    expect(await through(type)).toBeLessThanOrEqual(8)
    expect(await progress(type)).toMatchObject({ state: 'done', total: 20, started: 20, passed: 20, failed: 0 })
    for (const artifact of artifacts)
      expect(await statusOf(artifact)).toEqual({ status: 'published', events: ['published'] })
  })

  it('leaves alone what is submitted after it has begun, so that it ends however much comes', async () => {
    const { type } = await published(3)
    await begin(type)
    await planRechecks(worker.ctx)
    for (const artifact of [await worker.submit({ type }), await worker.submit({ type })]) await worker.work(artifact)
    await through(type)
    expect(await progress(type)).toMatchObject({ state: 'done', total: 3, started: 3, passed: 3 })
  })

  it('stops when it is paused and goes on where it stopped', async () => {
    const { type } = await published(10)
    const recheck = await begin(type)
    const id = recheck?.id ?? ''
    await planRechecks(worker.ctx)
    await worker.ctx.db.withService(null, (tx) => updateRecheckState(tx, id, 'paused'))
    await through(type)
    expect(await progress(type)).toMatchObject({ state: 'paused', started: 8, passed: 8 })
    await worker.ctx.db.withService(null, (tx) => updateRecheckState(tx, id, 'running'))
    await through(type)
    expect(await progress(type)).toMatchObject({ state: 'done', started: 10, passed: 10 })
  })

  it.each([
    ['notify', 'published', ['published', 'recheck_failed']],
    ['block', 'blocked', ['published', 'blocked']],
    ['grace', 'published', ['published', 'recheck_failed']],
  ])('with on_recheck_failure: %s leaves what failed %s', async (on_recheck_failure, status, events) => {
    const { type, artifacts } = await published(1, { on_recheck_failure })
    await begin(type)
    peer.behave(json(200, { valid: false }))
    await through(type)
    for (const artifact of artifacts) expect(await statusOf(artifact)).toEqual({ status, events })
  })

  it('blocks after the grace, unless it passed in the meantime', async () => {
    const { type, artifacts } = await published(2, { on_recheck_failure: 'grace', grace: '1ms' })
    const finding = { severity: 'error', code: 'leak', path: '/key' }
    peer.behave(json(200, { valid: false, findings: [{ ...finding, message: 'a secret' }] }))
    await begin(type)
    await planRechecks(worker.ctx)
    await through(type)
    const [first, second] = artifacts
    if (!first || !second) throw new Error('two artifacts were published')
    await worker.database.admin`delete from recheck_graces where artifact_id = ${second.id}`
    await sweepStuckRuns(worker.ctx)
    expect((await statusOf(first)).events).toEqual(['published', 'recheck_failed', 'blocked'])
    const [blocked] = await worker.database.admin`
      select event_data from artifact_events where artifact_id = ${first.id} and event_type = 'blocked'`
    expect(blocked?.['event_data']).toEqual({
      run_id: expect.any(String),
      reason: 'recheck_failed',
      findings: [finding],
    })
    expect((await statusOf(second)).status).toBe('published')
  })

  it('counts the grace from the first failure on, and a pass ends it, as blocking does', async () => {
    const { type, artifacts } = await published(1, { on_recheck_failure: 'grace', grace: '1h' })
    const again = async (valid: boolean) => {
      peer.behave(json(200, { valid }))
      await begin(type)
      await through(type)
      const [grace] = await worker.database.admin<{ blocks_at: Date }[]>`
        select blocks_at from recheck_graces where artifact_id = ${artifacts[0]?.id ?? ''}`
      return grace?.blocks_at
    }
    const first = await again(false)
    expect(first).toBeDefined()
    expect(await again(false)).toEqual(first)
    expect(await again(true)).toBeUndefined()
    expect((await again(false))?.getTime()).toBeGreaterThan(first?.getTime() ?? Infinity)
    worker.configure({
      [type]: { requires_validation: true, validator: { url: peer.url }, on_recheck_failure: 'block' },
    })
    expect(await again(false)).toBeUndefined()
  })

  it('only reports when it is a simulation', async () => {
    const { type, artifacts } = await published(2, { on_recheck_failure: 'block' })
    await begin(type, true)
    peer.behave(json(200, { valid: false }))
    await through(type)
    expect(await progress(type)).toMatchObject({ state: 'done', failed: 2 })
    for (const artifact of artifacts)
      expect(await statusOf(artifact)).toEqual({ status: 'published', events: ['published'] })
  })

  it('gives the first failure its grace, and the next ones no more', async () => {
    const { type, artifacts } = await published(1, { on_recheck_failure: 'grace', grace: '1h' })
    peer.behave(json(200, { valid: false }))
    const grace = async () => {
      await begin(type)
      await through(type)
      const [row] = await worker.database.admin<{ run_id: string; blocks_at: Date }[]>`
        select run_id, blocks_at from recheck_graces where artifact_id = ${artifacts[0]?.id ?? ''}`
      return row
    }
    const first = await grace()
    const second = await grace()
    expect(second?.run_id).not.toBe(first?.run_id)
    expect(second?.blocks_at).toEqual(first?.blocks_at)
  })

  it.each(['block', 'hold'])('never blocks for a validator that cannot be had, with %s', async (on_unavailable) => {
    const validator = { url: peer.url, attempts: 1, on_unavailable }
    const { type, artifacts } = await published(2, { on_recheck_failure: 'block', validator })
    await begin(type)
    peer.behave(json(503, {}))
    await through(type)
    expect(await progress(type)).toMatchObject({ state: 'done', unavailable: 2 })
    for (const artifact of artifacts)
      expect(await statusOf(artifact)).toEqual({ status: 'published', events: ['published'] })
  })

  it('begins by the schedule of its type, once', async () => {
    const { type } = await published(1, { recheck_every: '30d' })
    await through(type)
    await planRechecks(worker.ctx)
    expect(await worker.database.admin`select from rechecks where artifact_type = ${type}`).toHaveLength(1)
    expect(await progress(type)).toMatchObject({ state: 'done', passed: 1 })
  })
})

describe('the sweep', () => {
  it('finds runs without a message and runs past their deadline', async () => {
    worker.configure({ swept: { requires_validation: true, validator: { url: peer.url } } })
    peer.behave(json(200, { valid: true }))
    const forgotten = await worker.submit({ type: 'swept' })
    const overdue = await worker.submit({ type: 'swept' })
    await worker.database.admin`delete from outbox where refs[1] = ${forgotten.run_id}`
    await worker.database
      .admin`update validation_runs set deadline = now() - interval '1 s' where id = ${overdue.run_id}`
    await worker.database
      .admin`update outbox set due_at = now() + interval '1 h', quarantined_at = now() where refs[1] = ${overdue.run_id}`
    await sweepStuckRuns(worker.ctx)
    expect((await worker.stateOf(forgotten)).message?.due_in_ms).toBeLessThan(1000)
    expect((await worker.stateOf(overdue)).message?.due_in_ms).toBeLessThan(1000)
    expect(await worker.database.admin`select from outbox where quarantined_at is not null`).toHaveLength(0)
    await worker.work(forgotten)
    await worker.work(overdue)
    expect((await worker.stateOf(forgotten)).status).toBe('published')
    expect(await worker.stateOf(overdue)).toMatchObject({ status: 'blocked', run: { state: 'expired' } })
  })
})
