import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { LeasedMessage } from '@keepr/db/rows'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
let handed: LeasedMessage[]
beforeAll(async () => {
  api = await startApi()
  alice = await api.as('acme', 'alice')
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(async () => {
  await api.settleAll()
  await api.database.admin`delete from outbox where kind = 'validate_run'`
  handed = []
  api.ctx.leaseMs = () => 20_000
  api.ctx.submitted = (leased) => handed.push(...(leased ? [leased] : []))
})

const submit = (name: string, headers: Record<string, string> = {}) =>
  alice.submit({ name, type: 'prompt', content: { name } }, headers)
const messages = () => api.database.admin<{ id: string; run: string; leased: boolean }[]>`
  select id, refs[1] as run, leased_until > now() + interval '15 seconds' as leased
    from outbox where kind = 'validate_run' order by created_at`

test('a submission that nothing of its type is before is handed over at once, leased as it was written', async () => {
  expect((await submit('alone')).status).toBe(202)
  const [message] = await messages()
  expect(message).toMatchObject({ leased: true })
  expect(handed).toMatchObject([
    { id: message?.id, refs: [message?.run], kind: 'validate_run', lane: 'prompt', group_id: 'acme', generation: 0 },
  ])
})

test('what is submitted while another is on its way waits for the relay, or for whoever is at that', async () => {
  await submit('first')
  await submit('second')
  expect(handed).toHaveLength(1)
  expect((await messages()).map(({ leased }) => leased)).toEqual([true, null])
})

test('of what is submitted together one is handed over', async () => {
  await Promise.all(Array.from({ length: 5 }, (_, n) => submit(`together-${n}`)))
  expect(handed).toHaveLength(1)
  expect((await messages()).filter(({ leased }) => leased).map(({ id }) => id)).toEqual(handed.map(({ id }) => id))
})

test('an answer that is given again hands nothing over', async () => {
  const key = { 'idempotency-key': 'handed-over-once' }
  expect((await submit('keyed', key)).status).toBe(202)
  expect((await submit('keyed', key)).status).toBe(202)
  expect(handed).toHaveLength(1)
})

test('a draft and what is refused hand nothing over', async () => {
  await alice.submit({ name: 'a-draft', type: 'prompt', content: {}, draft: true })
  await submit('taken')
  handed = []
  await api.database.admin`delete from outbox where kind = 'validate_run'`
  const refused = await alice.submit({ name: 'taken', type: 'prompt', version: '1', content: { other: true } })
  expect(refused.status).toBe(409)
  expect(handed).toEqual([])
  expect(await messages()).toEqual([])
})

test('while the queue takes nothing, what is submitted is left to the relay', async () => {
  api.ctx.leaseMs = () => undefined
  await submit('no-queue')
  expect(handed).toEqual([])
  expect((await messages()).map(({ leased }) => leased)).toEqual([null])
})

test('whether something is on its way is looked for in an index, also where that was planned while nothing was', async () => {
  const { admin } = api.database
  await admin`vacuum analyze outbox`
  for (let n = 0; n < 8; n++) await submit(`planned-${n}`) // on each of its connections
  await admin`
    insert into outbox (id, kind, lane, group_id, refs)
    select gen_random_uuid(), 'validate_run', 'prompt', 'acme', array[gen_random_uuid()] from generate_series(1, 5000)`
  const readFromEndToEnd = async () => {
    await admin`select pg_stat_force_next_flush()`
    const [row] = await admin<{ rows: number }[]>`
      select seq_tup_read::int as rows from pg_stat_user_tables where relname = 'outbox'`
    return row?.rows ?? Number.NaN
  }
  const actor = { groupId: 'acme', userId: 'alice', roles: ['author'] } as const
  const before = await readFromEndToEnd()
  for (let n = 0; n < 8; n++) await submit(`looked-up-${n}`)
  await api.ctx.db.withActor(actor, (tx) => tx`select pg_stat_force_next_flush()`)
  expect((await readFromEndToEnd()) - before).toBeLessThan(1000)
})
