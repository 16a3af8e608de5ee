import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { validateArtifact } from './support/validate-artifact.ts'
import type { Submitted } from './support/submitted.ts'
import { type TestWorker, testWorker } from './support/worker.ts'

let worker: TestWorker

beforeAll(async () => {
  worker = await testWorker()
})
afterAll(() => worker[Symbol.asyncDispose]())
beforeEach(() => worker.configure({ free: { requires_validation: false } }))

const free = { type: 'free', requires_validation: false }
const messageOf = ({ group_id, type, run_id }: Submitted) => ({ group_id, lane: type, refs: [run_id] })

test('many are published at once, each with its verdict and event, numbered without a gap', async () => {
  const artifacts: Submitted[] = []
  for (const name of ['a', 'b', 'c']) artifacts.push(await worker.submit({ ...free, name }))
  for (const version of ['2', '3']) artifacts.push(await worker.submit({ ...free, name: 'a', version }))
  const validate = validateArtifact(worker.ctx)
  await Promise.all(artifacts.map((artifact) => validate(messageOf(artifact))))
  const states = await Promise.all(artifacts.map((artifact) => worker.stateOf(artifact)))
  for (const state of states)
    expect(state).toMatchObject({ status: 'published', run: { state: 'not_required' }, message: undefined })
  expect(states.flatMap(({ events }) => events.map(({ event_type }) => event_type))).toEqual(
    Array.from({ length: 5 }, () => 'published'),
  )
  const ofA = [0, 3, 4].flatMap((index) => states[index]?.events.map(({ sequence }) => sequence) ?? [])
  expect(new Set(ofA)).toEqual(new Set([1, 2, 3]))
})

test('others of the group and type that wait go along, so that nobody need be woken for them', async () => {
  const [asked, waiting] = [await worker.submit(free), await worker.submit(free)]
  const other = await worker.submit({ ...free, group_id: 'other' })
  await validateArtifact(worker.ctx)(messageOf(asked))
  expect(await worker.stateOf(waiting)).toMatchObject({ status: 'published', message: undefined })
  expect(await worker.stateOf(other)).toMatchObject({ status: 'on_verification' })
})

test('a run that was made to require validation is not published by this way', async () => {
  const strict = await worker.submit({ type: 'free', requires_validation: true })
  await validateArtifact(worker.ctx)(messageOf(strict))
  expect((await worker.stateOf(strict)).status).toBe('on_verification')
})

test('what no validator judges is published however late a worker comes, together or alone', async () => {
  // Of a type that keeps few versions each run is looked at alone.
  worker.configure({
    free: { requires_validation: false },
    few: { requires_validation: false, max_published: 5 },
  })
  const late = [await worker.submit(free), await worker.submit({ ...free, type: 'few' })]
  await worker.database.admin`
    update validation_runs set deadline = now() - interval '1 d' where id = any (${late.map(({ run_id }) => run_id)}::uuid[])`
  const validate = validateArtifact(worker.ctx)
  for (const artifact of late) {
    await validate(messageOf(artifact))
    expect(await worker.stateOf(artifact)).toMatchObject({ status: 'published', run: { state: 'not_required' } })
  }
})

test('a run that was cancelled meanwhile leaves no gap in the numbers', async () => {
  const [cancelled, next] = [
    await worker.submit({ ...free, name: 'd' }),
    await worker.submit({ ...free, name: 'd', version: '2' }),
  ]
  await worker.database.admin`
    update validation_runs set state = 'cancelled', checked_at = now() where id = ${cancelled.run_id}`
  await worker.database.admin`update artifact_active set status = 'blocked' where id = ${cancelled.id}`
  const validate = validateArtifact(worker.ctx)
  await Promise.all([validate(messageOf(cancelled)), validate(messageOf(next))])
  expect(await worker.stateOf(cancelled)).toMatchObject({
    status: 'blocked',
    run: { state: 'cancelled' },
    message: undefined,
  })
  expect((await worker.stateOf(next)).events).toMatchObject([{ event_type: 'published', sequence: 1 }])
})

test('a type that asks for validation while runs wait for their batch publishes none of them unvalidated', async () => {
  const [first, second] = [await worker.submit(free), await worker.submit({ ...free, group_id: 'strict' })]
  const validate = validateArtifact(worker.ctx)
  // Their batches have not begun yet: the configuration changes in between.
  const both = [validate(messageOf(first)), validate(messageOf(second))]
  worker.configure({ free: { requires_validation: true, validator: { url: 'http://127.0.0.1:1/' } } })
  await Promise.all(both)
  for (const artifact of [first, second])
    expect(await worker.stateOf(artifact)).toMatchObject({ status: 'on_verification', run: { state: 'error' } })
})

test('one that cannot be published keeps no other from it', async () => {
  const [bad, good] = [await worker.submit({ ...free, name: 'bad' }), await worker.submit(free)]
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

test('the log has a line for each, with its run, artifact and attempt', async () => {
  const [one, other] = [await worker.submit(free), await worker.submit(free)]
  await validateArtifact(worker.ctx)(messageOf(one))
  const lines = worker.logged.map((text) => JSON.parse(text))
  for (const { id, run_id } of [one, other])
    expect(lines.find((line) => line.run_id === run_id)).toMatchObject({
      artifact_id: id,
      attempt: 0,
      outcome: 'not_required',
    })
})

test('done twice changes nothing twice', async () => {
  const artifact = await worker.submit(free)
  const validate = validateArtifact(worker.ctx)
  await validate(messageOf(artifact))
  expect(await validate(messageOf(artifact))).toBe('stale')
  expect((await worker.stateOf(artifact)).events).toHaveLength(1)
})
