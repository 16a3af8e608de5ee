import { beforeEach, expect, test } from 'vitest'
import { validateArtifact } from './support/validate-artifact.ts'
import { json } from './support/http-peer.ts'
import { setUp } from './support/set-up.ts'
import type { Submitted } from './support/submitted.ts'

const { worker, peer } = await setUp()
beforeEach(() => {
  peer.requests.length = 0
  peer.behave(json(200, { valid: true, findings: [{ severity: 'low', code: 'X1', message: 'a hint' }] }))
  worker.configure({ checked: { requires_validation: true, validator: { url: `${peer.url}/check` } } })
})

const messageOf = ({ group_id, type, run_id }: Submitted) => ({ group_id, lane: type, refs: [run_id] })
const workOn = (artifacts: readonly Submitted[]) => {
  const validate = validateArtifact(worker.ctx)
  return Promise.all(artifacts.map((artifact) => validate(messageOf(artifact))))
}

test('many are published at once, each with its verdict, its call and its event, numbered without a gap', async () => {
  const artifacts: Submitted[] = []
  for (const version of ['1', '2', '3']) artifacts.push(await worker.submit({ name: 'many', version }))
  artifacts.push(await worker.submit({ name: 'alone' }), await worker.submit({ name: 'many', group_id: 'other' }))
  expect(await workOn(artifacts)).toEqual(artifacts.map(() => 'settled'))
  const states = await Promise.all(artifacts.map((artifact) => worker.stateOf(artifact)))
  for (const [index, state] of states.entries())
    expect(state).toMatchObject({
      status: 'published',
      run: { state: 'passed', attempts: 1, findings: [{ severity: 'low', code: 'X1', message: 'a hint' }] },
      tries: [{ outcome: 'passed' }],
      events: [{ event_type: 'published', event_data: { run_id: artifacts[index]?.run_id, verdict: 'passed' } }],
      message: undefined,
    })
  const ofMany = states.slice(0, 3).flatMap(({ events }) => events.map(({ sequence }) => sequence))
  expect(new Set(ofMany)).toEqual(new Set([1, 2, 3]))
})

test('one that was cancelled meanwhile stays so, keeps no other from it and leaves no gap in the numbers', async () => {
  const cancelled = await worker.submit({ name: 'late', version: '1' })
  const next = await worker.submit({ name: 'late', version: '2' })
  const { admin } = worker.database
  const asked = Promise.withResolvers<void>()
  const isCancelled = Promise.withResolvers<void>()
  peer.behave((request, response, socket) => {
    if (peer.requests.length === 2) asked.resolve()
    void isCancelled.promise.then(() => json(200, { valid: true })(request, response, socket))
  })
  const worked = workOn([cancelled, next])
  await asked.promise
  await admin`update validation_runs set state = 'cancelled', checked_at = now() where id = ${cancelled.run_id}`
  await admin`update artifact_active set status = 'blocked' where id = ${cancelled.id}`
  isCancelled.resolve()
  expect(await worked).toEqual(['stale', 'settled'])
  expect(await worker.stateOf(cancelled)).toMatchObject({
    status: 'blocked',
    run: { state: 'cancelled' },
    tries: [{ outcome: 'passed' }],
    events: [],
    message: undefined,
  })
  expect((await worker.stateOf(next)).events).toMatchObject([{ event_type: 'published', sequence: 1 }])
})

test('one that cannot be published keeps no other from it', async () => {
  const [bad, good] = [await worker.submit({ name: 'bad' }), await worker.submit()]
  const { admin } = worker.database
  await admin.unsafe(`create trigger refuse_bad before update of status on artifact_active for each row
    when (new.name = 'bad') execute function artifact_delete_guard()`)
  const validate = validateArtifact(worker.ctx)
  const [ofBad, ofGood] = await Promise.allSettled([validate(messageOf(bad)), validate(messageOf(good))])
  expect([ofBad.status, ofGood.status]).toEqual(['rejected', 'fulfilled'])
  expect((await worker.stateOf(good)).status).toBe('published')
  await admin`drop trigger refuse_bad on artifact_active`
  await validate(messageOf(bad))
  expect((await worker.stateOf(bad)).events).toMatchObject([{ event_type: 'published', sequence: 1 }])
})
