import { startRedis } from '@keepr/dev-env/testing/redis'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { sweepStuckRuns } from '../src/jobs/sweep-stuck-runs.ts'
import { type Behaviour, json } from './support/http-peer.ts'
import { runningWorker } from './support/running-worker.ts'
import { setUp } from './support/set-up.ts'
import type { Submitted } from './support/submitted.ts'

const { worker, peer } = await setUp()
const redis = await startRedis()
afterAll(() => redis?.stop())
const queueDatabaseUrl = worker.database.urlOf('keepr_queue')

beforeEach(() => {
  peer.requests.length = 0
  peer.behave(json(200, { valid: true }))
  const validator = (more: object) => ({ requires_validation: true, validator: { url: `${peer.url}/check`, ...more } })
  worker.configure({
    free: { requires_validation: false },
    checked: validator({ backoff: '200ms', timeout: '500ms' }),
    brief: validator({ backoff: '100ms', attempts: 2 }),
    held: validator({ attempts: 1, on_unavailable: 'hold' }),
  })
})

const settled = (artifact: Submitted, state: string) =>
  waitFor(async () => {
    const found = await worker.stateOf(artifact)
    return found.run.state === state && found.message === undefined && found
  }, `the run to be ${state}`)
const told = async (artifact: Submitted) => (await worker.stateOf(artifact)).events.map(({ event_type }) => event_type)

describe.each([
  ['PostgreSQL', true, { redisUrl: undefined, queueDatabaseUrl }],
  ['Redis', redis !== undefined, { redisUrl: redis?.url, queueDatabaseUrl }],
] as const)('with the queue on %s', (_name, isThere, settings) => {
  it.runIf(isThere)('every outcome is reached once, and the queue keeps nothing', async () => {
    await using running = runningWorker(worker, settings)
    const outcomes = [
      { type: 'free', requires_validation: false, behaviour: json(500, {}), state: 'not_required', event: 'published' },
      { type: 'checked', behaviour: json(200, { valid: true }), state: 'passed', event: 'published' },
      { type: 'checked', behaviour: json(422, { valid: false }), state: 'failed', event: 'blocked' },
      { type: 'brief', behaviour: json(503, {}), state: 'expired', event: 'blocked' },
      { type: 'held', behaviour: json(503, {}), state: 'held', event: 'verification_held' },
    ] as const
    for (const { behaviour, state, event, ...wanted } of outcomes) {
      peer.behave(behaviour)
      const artifact = await worker.submit(wanted)
      await settled(artifact, state)
      expect(await told(artifact)).toEqual([event])
    }
    await waitFor(async () => (await running.queued()) === 0, 'the queue to be empty')
  })

  it.runIf(isThere)('errors are tried again until there is a verdict', async () => {
    await using _running = runningWorker(worker, settings)
    const answers: Behaviour[] = [
      json(500, {}),
      () => {},
      json(429, {}, { 'retry-after': '1' }),
      json(200, { valid: true }),
    ]
    peer.behave((...call) => answers.shift()?.(...call))
    const artifact = await worker.submit()
    const { tries, run } = await settled(artifact, 'passed')
    expect(tries.map(({ outcome }) => outcome)).toEqual(['error', 'error', 'error', 'passed'])
    expect(run.attempts).toBe(4)
    expect(await told(artifact)).toEqual(['published'])
  })

  it.runIf(isThere)('a 202 holds no slot while it waits, and outlives the worker', async () => {
    let ready = false
    peer.behave((request, response, socket) => {
      const later = request.body.includes('"slow"') || request.path === '/later'
      const answer =
        later && !ready ? json(202, {}, { location: '/later', 'retry-after': '1' }) : json(200, { valid: true })
      answer(request, response, socket)
    })
    const slow = await (async () => {
      await using running = runningWorker(worker, settings, 1)
      const waiting = await Promise.all([1, 2, 3].map(() => worker.submit({ content: '"slow"' })))
      await waitFor(async () => {
        const states = await Promise.all(waiting.map((artifact) => worker.stateOf(artifact)))
        return states.every(({ run }) => run.poll_url !== null) && running.inFlight() === 0
      }, 'all to be promised a verdict')
      await settled(await worker.submit(), 'passed') // the one slot is free for others
      return waiting
    })()
    ready = true
    await using _next = runningWorker(worker, settings)
    for (const artifact of slow) {
      const { run } = await settled(artifact, 'passed')
      expect(run.attempts).toBe(1)
      expect(await told(artifact)).toEqual(['published'])
    }
    expect(peer.requests.filter(({ method, body }) => method === 'POST' && body.includes('"slow"'))).toHaveLength(3)
  })

  it.runIf(isThere)(
    'what the queue lost, and what has no message any more, gets its verdict all the same',
    async () => {
      const lost = await worker.submit()
      const forgotten = await worker.submit()
      const overdue = await worker.submit()
      const { admin } = worker.database
      await admin`delete from outbox where refs[1] = ${forgotten.run_id}`
      await admin`update validation_runs set deadline = now() - interval '1 s' where id = ${overdue.run_id}`
      await admin`update outbox set due_at = now() + interval '1 h' where refs[1] = ${overdue.run_id}`
      // Relayed, but its job is not there: a queue that was emptied.
      await admin`update outbox set leased_until = now() + interval '1 s' where refs[1] = ${lost.run_id}`
      await sweepStuckRuns(worker.ctx)
      await using running = runningWorker(worker, settings)
      await settled(lost, 'passed')
      await settled(forgotten, 'passed')
      await settled(overdue, 'expired')
      expect(await Promise.all([lost, forgotten, overdue].map(told))).toEqual([
        ['published'],
        ['published'],
        ['blocked'],
      ])
      await waitFor(async () => (await running.queued()) === 0, 'the queue to be empty')
    },
  )
})
