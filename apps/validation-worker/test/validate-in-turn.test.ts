import { CROWD } from '@keepr/db/outbox/take-wake-up'
import { beforeEach, expect, test } from 'vitest'
import { validateInTurn } from '../src/jobs/validate-in-turn.ts'
import { json } from './support/http-peer.ts'
import { setUp } from './support/set-up.ts'
import type { Submitted } from './support/submitted.ts'

const { worker, peer } = await setUp()
const validator = () => ({ url: `${peer.url}/check` })
beforeEach(async () => {
  peer.requests.length = 0
  peer.behave(json(200, { valid: true }))
  worker.configure({ checked: { requires_validation: true, validator: validator() } })
  await worker.database.admin`delete from outbox`
})

/** As the relay does, which has leased what it wakes a worker for. */
async function wakeUpFor(
  { group_id, type, run_id }: Submitted,
  signal = new AbortController().signal,
  ctx = worker.ctx,
) {
  await worker.database.admin`update outbox set leased_until = now() + interval '20 s' where refs[1] = ${run_id}`
  await validateInTurn(ctx)({ group_id, lane: type, refs: [run_id] }, signal)
}
const statusesOf = (artifacts: readonly Submitted[]) =>
  Promise.all(artifacts.map(async (artifact) => (await worker.stateOf(artifact)).status))
const leased = async () => {
  const [row] = await worker.database.admin<
    { count: number }[]
  >`select count(*)::int as count from outbox where leased_until is not null`
  return row?.count
}

test('one wake-up brings all that wait of a type to their verdicts, of every group, and no other type', async () => {
  worker.configure({
    checked: { requires_validation: true, validator: validator() },
    other: { requires_validation: true, validator: validator() },
  })
  const artifacts = [await worker.submit(), await worker.submit(), await worker.submit({ group_id: 'globex' })]
  const other = await worker.submit({ type: 'other' })
  await wakeUpFor(artifacts[0] ?? other)
  expect(await statusesOf(artifacts)).toEqual(['published', 'published', 'published'])
  expect(await statusesOf([other])).toEqual(['on_verification'])
  expect(peer.requests.length).toBe(3)
})

test('many wake-ups at once call the validator once for each run', async () => {
  const artifacts: Submitted[] = []
  for (let count = 0; count < 12; count++) artifacts.push(await worker.submit())
  // The relay has leased those that it wakes workers for.
  const woken = artifacts.slice(0, 4)
  await worker.database
    .admin`update outbox set leased_until = now() + interval '20 s' where refs[1] = any (${woken.map(({ run_id }) => run_id)}::uuid[])`
  await Promise.all(woken.map((artifact) => wakeUpFor(artifact)))
  expect(await statusesOf(artifacts)).toEqual(artifacts.map(() => 'published'))
  expect(peer.requests.length).toBe(12)
})

test('a validator that fails is not asked for what else waits', async () => {
  peer.behave(json(503, {}))
  const [first, second] = [await worker.submit(), await worker.submit()]
  await wakeUpFor(first)
  expect(peer.requests.length).toBe(1)
  expect((await worker.stateOf(second)).tries).toEqual([])
  expect(await leased()).toBe(0)
})

test('a validator that may take long is asked for the next run as soon as it has answered, too', async () => {
  worker.configure({ checked: { requires_validation: true, validator: { ...validator(), timeout: '60s' } } })
  const [first, second] = [await worker.submit(), await worker.submit()]
  await wakeUpFor(first)
  expect(await statusesOf([first, second])).toEqual(['published', 'published'])
  expect(await leased()).toBe(0)
})

test('a worker that is to stop takes nothing over', async () => {
  const stopping = new AbortController()
  peer.behave((request, response, socket) => {
    stopping.abort()
    json(200, { valid: true })(request, response, socket)
  })
  const [first, second] = [await worker.submit(), await worker.submit()]
  await wakeUpFor(first, stopping.signal)
  expect(peer.requests.length).toBe(1)
  expect(await statusesOf([second])).toEqual(['on_verification'])
  expect(await leased()).toBe(0)
})

test('where many were published together what comes meanwhile is taken over, without another wake-up', async () => {
  worker.configure({ free: { requires_validation: false } })
  const free = { type: 'free', requires_validation: false }
  const first = await worker.submit(free)
  const artifacts = [first, ...(await Promise.all(Array.from({ length: CROWD - 1 }, () => worker.submit(free))))]
  const { db } = worker.ctx
  const withService: typeof db.withService = async (group, story) => {
    const done = await db.withService(group, story)
    if (artifacts.length === CROWD) artifacts.push(await worker.submit(free)) // the first are published by now
    return done
  }
  await wakeUpFor(first, undefined, { ...worker.ctx, db: { ...db, withService } })
  expect(await statusesOf(artifacts)).toEqual(Array.from({ length: CROWD + 1 }, () => 'published'))
  expect(await leased()).toBe(0)
})

test('one that was published alone ends its wake-up: who comes next is told at once', async () => {
  worker.configure({ free: { requires_validation: false } })
  const free = { type: 'free', requires_validation: false }
  const [first, other] = [await worker.submit(free), await worker.submit({ ...free, group_id: 'globex' })]
  await wakeUpFor(first)
  expect(await statusesOf([first, other])).toEqual(['published', 'on_verification'])
  expect(await leased()).toBe(0)
})

test('the next is judged while a verdict is being stored', async () => {
  const [first, second] = [await worker.submit(), await worker.submit()]
  const { db } = worker.ctx
  const askedAgain = Promise.withResolvers<void>()
  peer.behave((request, response, socket) => {
    if (peer.requests.length === 2) askedAgain.resolve()
    json(200, { valid: true })(request, response, socket)
  })
  let storing = 0
  const withService: typeof db.withService = async (group, story) => {
    // What a group is asked for first after a call is to store its verdict.
    if (group !== null && peer.requests.length === 1 && ++storing === 1) await askedAgain.promise
    return await db.withService(group, story)
  }
  await wakeUpFor(first, undefined, { ...worker.ctx, db: { ...db, withService } })
  expect(await statusesOf([first, second])).toEqual(['published', 'published'])
  expect(await leased()).toBe(0)
})

test('a run that was taken over and cannot be worked off is given back, and ends the turns', async () => {
  const artifacts = [await worker.submit(), await worker.submit(), await worker.submit()]
  const [first] = artifacts
  const { db } = worker.ctx
  const withService: typeof db.withService = (group, story) =>
    group !== null && peer.requests.length >= 2
      ? Promise.reject(new Error('the connection was cut'))
      : db.withService(group, story)
  if (first) await wakeUpFor(first, undefined, { ...worker.ctx, db: { ...db, withService } })
  expect(await statusesOf(artifacts)).toEqual(['published', 'on_verification', 'on_verification'])
  expect(peer.requests.length).toBe(2)
  expect(await leased()).toBe(0)
})
