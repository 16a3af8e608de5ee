import type { ServerResponse } from 'node:http'
import { randomUUIDv7 } from 'node:crypto'
import { insertRuns } from '@keepr/db/validation-runs/insert-runs'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { beforeEach, describe, expect, it } from 'vitest'
import { validateArtifact } from './support/validate-artifact.ts'
import { sampleRuns } from '../src/jobs/sample-runs.ts'
import { json } from './support/http-peer.ts'
import { setUp } from './support/set-up.ts'
import type { Submitted } from './support/submitted.ts'

const { worker, peer } = await setUp()

/** Calls that the validator has not answered yet. */
let open: ServerResponse[]
beforeEach(() => {
  open = []
  peer.behave((_request, response) => void open.push(response))
  worker.configure({ checked: { requires_validation: true, validator: { url: `${peer.url}/check` } } })
})

/** A worker is in the middle of its call. */
async function asked(artifact: Submitted) {
  const before = open.length
  const working = worker.work(artifact)
  await waitFor(() => open.length > before, 'the call')
  return { working, answer: (body: unknown) => open[before]?.writeHead(200).end(JSON.stringify(body)) }
}

/** As the API does it (cancel-verification): the run and the version end together. */
async function cancel({ id, run_id }: Submitted) {
  const { admin } = worker.database
  await admin`update validation_runs set state = 'cancelled', reason = 'cancelled', checked_at = now() where id = ${run_id}`
  await admin`update artifact_active set status = 'blocked', blocked_reason = 'cancelled' where id = ${id}`
}

async function revalidate(artifact: Submitted): Promise<Submitted> {
  const run_id = randomUUIDv7()
  const { admin } = worker.database
  await admin`
    update artifact_active set status = 'on_verification', validation_run_id = ${run_id} where id = ${artifact.id}`
  const [row] = await admin<
    [{ content_hash: string }]
  >`select content_hash from artifact_active where id = ${artifact.id}`
  const { id: artifact_id, group_id, type: artifact_type } = artifact
  await worker.api.withActor({ groupId: group_id, userId: 'alice', roles: ['author'] }, (tx) =>
    insertRuns(tx, [
      {
        id: run_id,
        group_id,
        artifact_id,
        artifact_type,
        content_hash: row.content_hash,
        kind: 'revalidation',
        requires_validation: true,
        deadlineMs: 86_400_000,
      },
    ]),
  )
  return { ...artifact, run_id }
}

describe('an answer that comes when its run has ended', () => {
  it('publishes nothing that was cancelled in the meantime', async () => {
    const artifact = await worker.submit()
    const { working, answer } = await asked(artifact)
    await cancel(artifact)
    answer({ valid: true })
    expect(await working).toBe('stale')
    expect(await worker.stateOf(artifact)).toMatchObject({
      status: 'blocked',
      run: { state: 'cancelled' },
      events: [],
      message: undefined,
    })
  })

  it.each([
    ['pass', { valid: true }, { valid: false }, 'blocked'],
    ['failure', { valid: false }, { valid: true }, 'published'],
  ])('says nothing about the run that replaced it: a %s', async (_what, late, now, status) => {
    const artifact = await worker.submit()
    const first = await asked(artifact)
    await cancel(artifact)
    const again = await revalidate(artifact)
    first.answer(late)
    expect(await first.working).toBe('stale')
    expect(await worker.stateOf(again)).toMatchObject({ status: 'on_verification', run: { state: 'waiting' } })
    const second = await asked(again)
    second.answer(now)
    expect(await second.working).toBe('settled')
    expect(await worker.stateOf(again)).toMatchObject({ status, message: undefined })
  })

  it('leaves the error of a call that nobody waits for without effect', async () => {
    const artifact = await worker.submit()
    const { working } = await asked(artifact)
    await cancel(artifact)
    open[0]?.destroy()
    expect(await working).toBe('stale')
    expect(await worker.stateOf(artifact)).toMatchObject({ status: 'blocked', message: undefined })
  })

  it('changes no verdict that another worker got for the same run, and is told', async () => {
    const artifact = await worker.submit()
    const [frozen, other] = [await asked(artifact), await asked(artifact)]
    other.answer({ valid: true })
    expect(await other.working).toBe('settled')
    frozen.answer({ valid: false })
    expect(await frozen.working).toBe('stale')
    const { status, run, events, tries } = await worker.stateOf(artifact)
    expect({ status, state: run.state, events: events.length }).toEqual({
      status: 'published',
      state: 'passed',
      events: 1,
    })
    expect(tries.map(({ outcome }) => outcome).toSorted()).toEqual(['failed', 'passed'])
    expect(peer.requests.slice(-2).map(({ headers }) => headers['idempotency-key'])).toEqual([
      artifact.run_id,
      artifact.run_id,
    ])
    await sampleRuns(worker.ctx)
    const late = (await worker.ctx.metrics.lateVerdicts.get()).values
    expect(late).toContainEqual({ labels: { type: 'checked', verdict: 'failed' }, value: expect.any(Number) })
    const line = worker.logged
      .map((text) => JSON.parse(text))
      .findLast(({ run_id, outcome }) => run_id === artifact.run_id && outcome === 'failed')
    expect(line).toMatchObject({ level: 'warn', effect: 'stale' })
  })

  it('ends a run at most once when the deadline passes during the call', async () => {
    const artifact = await worker.submit()
    const { working, answer } = await asked(artifact)
    await worker.database.admin`update validation_runs set deadline = now() where id = ${artifact.run_id}`
    expect(await worker.work(artifact)).toBe('settled')
    answer({ valid: true })
    expect(await working).toBe('stale')
    expect(await worker.stateOf(artifact)).toMatchObject({
      status: 'blocked',
      run: { state: 'expired' },
      events: [{ event_type: 'blocked', event_data: { reason: 'validator_unavailable' } }],
    })
    peer.behave(json(200, { valid: true }))
  })
})

describe('a message that is not what it seems', () => {
  it.each([
    ['of another group', (artifact: Submitted) => ({ group_id: 'stranger', refs: [artifact.run_id] })],
    ['of an unknown run', () => ({ group_id: 'acme', refs: [randomUUIDv7()] })],
  ])('%s touches nothing', async (_what, message) => {
    const artifact = await worker.submit()
    const before = await worker.stateOf(artifact)
    const asked = peer.requests.length
    expect(await validateArtifact(worker.ctx)({ ...message(artifact), lane: 'checked' })).toBe('stale')
    const { message: left, ...after } = await worker.stateOf(artifact)
    const { message: had, ...was } = before
    expect(after).toEqual(was)
    expect(left?.generation).toBe(had?.generation)
    expect(peer.requests).toHaveLength(asked)
  })
})
