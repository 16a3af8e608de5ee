import { connectMaintenance, type Maintenance } from '@keepr/db/connect-maintenance'
import { postgres } from '@keepr/db/driver/postgres'
import { purgeArtifact } from '@keepr/db/purge/purge-artifact'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
let maintenance: Maintenance

beforeAll(async () => {
  api = await startApi()
  alice = await api.as('acme', 'alice', 'admin')
  const url = api.database.adminUrl
  maintenance = await connectMaintenance({ url, applicationName: 'test-purge', readOnly: false })
})
afterAll(async () => {
  await maintenance[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

async function submit(body: Record<string, unknown>): Promise<string> {
  const answer = await alice.submit({ type: 'prompt', ...body })
  expect([201, 202]).toContain(answer.status)
  // SAFETY: an artifact's view; the test fails on anything else.
  return ((await answer.json()) as { id: string }).id
}
const purge = (id: string) =>
  purgeArtifact(maintenance.sql, { group_id: 'acme', id }, { reason: undefined, by: undefined, keptAnswer: '{}' })
async function answerOf(...request: Parameters<Caller['send']>): Promise<[number, unknown]> {
  const answer = await alice.send(...request)
  const text = await answer.text()
  // SAFETY: every body here is an object or empty.
  return [answer.status, text === '' ? '' : (JSON.parse(text) as { type?: string }).type]
}
const gone = [410, 'urn:keepr:problem:purged']

test('a purged draft is neither edited nor submitted, only discarded', async () => {
  const id = await submit({ name: 'draft', content: 'secret', draft: true })
  await purge(id)
  const { sql } = maintenance
  const back = sql`update artifact_active set content = '"secret"', json_content = '"secret"', purged_at = null where id = ${id}`
  await expect(back).rejects.toThrow(/does not come back/u)
  expect(await answerOf('PUT', '/artifacts/draft/1', { content: 'other' })).toEqual(gone)
  expect(await answerOf('POST', '/artifacts/draft/1/submit')).toEqual(gone)
  expect(await answerOf('PATCH', '/artifacts/draft/1/meta', { metadata: { a: 1 } })).toEqual(gone)
  expect((await answerOf('DELETE', '/artifacts/draft/1'))[0]).toBe(204)
})

test('the metadata that an edit told of go with the purge', async () => {
  const id = await submit({ name: 'edited', content: 1, draft: true, metadata: { token: 'secret' } })
  await alice.send('PUT', '/artifacts/edited/1', { content: 2 })
  await purge(id)
  const events = await (await alice.get('/artifacts/edited/1/events')).text()
  expect([events.includes('draft_updated'), events.includes('secret')]).toEqual([true, false])
})

test('a version on verification is blocked by its purge, and no run of it is left to do', async () => {
  const id = await submit({ name: 'pending', content: 'secret' })
  await purge(id)
  const view = await alice.get('/artifacts/pending/1')
  expect(await view.json()).toMatchObject({
    status: 'blocked',
    blocked_reason: 'purged',
    validation: { state: 'cancelled' },
  })
  expect(await answerOf('POST', '/artifacts/pending/1/revalidate')).toEqual(gone)
  expect(
    await api.database
      .admin`select from outbox where kind = 'validate_run' and refs[1] in (select id from validation_runs where artifact_id = ${id})`,
  ).toHaveLength(0)
})

test('a published version that was purged is not what a repeated submission is taken for', async () => {
  await purge(await submit({ name: 'again', content: 'same' }))
  await api.settleAll()
  const answer = await alice.submit({ name: 'again', type: 'prompt', content: 'same' })
  expect(answer.status).toBe(202)
})

test('who has an archived version that was purged since is not told that it is unchanged', async () => {
  const id = await submit({ name: 'cached', content: 'secret', metadata: { token: 'secret' } })
  await api.settleAll()
  expect((await answerOf('POST', '/artifacts/cached/1/archive'))[0]).toBe(200)
  const etag = (await alice.get('/artifacts/cached/1')).headers.get('etag') ?? ''
  await purge(id)
  const answer = await alice.get('/artifacts/cached/1', { 'if-none-match': etag })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ status: 'archived', usable: false, metadata: {} })
  const changed = answer.headers.get('etag') ?? ''
  expect((await alice.get('/artifacts/cached/1', { 'if-none-match': changed })).status).toBe(304)
})

test('a diff with a purged version answers 410', async () => {
  const first = await submit({ name: 'two', content: 'a' })
  await submit({ name: 'two', content: 'b' })
  await api.settleAll()
  await purge(first)
  expect(await answerOf('GET', '/artifacts/two/diff?from=1&to=2')).toEqual(gone)
})

test('the history, events and verdicts yield to a purge only, and only to keepr_maintenance', async () => {
  const id = await submit({ name: 'kept', content: 'a' })
  await submit({ name: 'kept', content: 'b' })
  await api.settleAll()
  expect((await answerOf('POST', '/artifacts/kept/1/archive'))[0]).toBe(200)
  const { sql } = maintenance
  await expect(
    sql`update artifact_history set content = null, json_content = null, metadata = '{}', purged_at = now() where original_id = ${id}`,
  ).rejects.toThrow(/append-only/u)
  await expect(sql`update artifact_history set archive_reason = 'cleanup' where original_id = ${id}`).rejects.toThrow(
    /append-only/u,
  )
  await expect(sql`delete from artifact_history where original_id = ${id}`).rejects.toThrow(/append-only/u)
  await expect(sql`update artifact_events set event_data = '{}' where artifact_id = ${id}`).rejects.toThrow(
    /append-only/u,
  )
  await expect(sql`update validation_runs set findings = '[{}]' where artifact_id = ${id}`).rejects.toThrow(
    /never changed/u,
  )
  await expect(
    sql.begin(async (tx) => {
      await tx`select set_config('keepr.purging', ${id}, true)`
      await tx`update artifact_history set archive_reason = 'cleanup', content = null, json_content = null, metadata = '{}', purged_at = now() where original_id = ${id}`
    }),
  ).rejects.toThrow(/append-only/u)
  const actor = { userId: 'alice', groupId: 'acme', roles: ['admin' as const] }
  await expect(api.ctx.db.withActor(actor, (tx) => tx`select purge_artifact('acme', ${id}, '{}')`)).rejects.toThrow(
    /permission denied/u,
  )
  await purge(id)
  expect(await answerOf('GET', '/artifacts/kept/1/content')).toEqual(gone)
})

test('what another transaction had read before the purge is found by its second look', async () => {
  const id = await submit({ name: 'race', content: 'secret' })
  await api.settleAll()
  const writing = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const actor = { userId: 'alice', groupId: 'acme', roles: ['author' as const] }
  const late = api.ctx.db.withActor(actor, async (tx) => {
    await tx`select metadata from artifact_active where id = ${id}`
    begun.resolve()
    await writing.promise
    await tx`insert into idempotency_keys (group_id, user_id, route, key, request_hash, answer_status, answer_headers, answer_body, artifact_ids)
             values ('acme', 'alice', 'POST /artifacts', 'late', 'h', 202, '{}', '{"metadata":"secret"}', array[${id}]::uuid[])`
  })
  await begun.promise
  const purged = purge(id)
  const isPurged = async () => {
    const [row] = await api.database.admin`select 1 from artifact_active where id = ${id} and purged_at is not null`
    return row !== undefined
  }
  while (!(await isPurged()));
  writing.resolve()
  await late
  expect(await purged).toMatchObject({ idempotency_keys: 1 })
  const [kept] = await api.database.admin`select answer_status, answer_body from idempotency_keys where key = 'late'`
  expect(kept).toMatchObject({ answer_status: 410, answer_body: expect.not.stringContaining('secret') })
})

test('what no service has begun holds a purge up for nothing, such as a backup or another database', async () => {
  const id = await submit({ name: 'backed-up', content: 'secret' })
  const elsewhere = new URL(api.database.adminUrl)
  elsewhere.pathname = '/postgres'
  await using stack = new AsyncDisposableStack()
  for (const url of [api.database.adminUrl, elsewhere.href]) {
    const backup = postgres(url, { max: 1 })
    stack.defer(() => backup.end({ timeout: 1 }))
    const running = await backup.reserve()
    await running`begin isolation level repeatable read read only`
    await running`select 1`
  }
  await purge(id)
  expect(await answerOf('GET', '/artifacts/backed-up/1/content')).toEqual(gone)
})
