import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
let admin: Caller
beforeAll(async () => {
  api = await startApi()
  alice = await api.as('acme', 'alice')
  admin = await api.as('acme', 'root', 'admin')
})
afterAll(() => api[Symbol.asyncDispose]())

type Body = Record<string, unknown>
const read = async (name: string, version: string) =>
  (await (await alice.get(`/artifacts/${name}/${version}?content=false`)).json()) as Body

async function publish(name: string, ...versions: string[]) {
  for (const version of versions) await alice.submit({ name, type: 'numbered', version, content: version })
  await api.settleAll()
}

test('a rollback answers what it moved as it is now, with its validation', async () => {
  await publish('moved', '1', '2', '3')
  const res = await alice.send('POST', '/artifacts/moved/3/rollback', { to_version: 1 })
  const { withdrawn, restored } = (await res.json()) as { withdrawn: Body[]; restored: Body }
  expect(withdrawn).toEqual([await read('moved', '3'), await read('moved', '2')])
  expect(restored).toEqual(await read('moved', '1'))
  expect(withdrawn[0]).toMatchObject({ archive_reason: 'rolled_back', validation: { state: 'not_required' } })
  expect(withdrawn[0]?.['updated_at']).toBe(withdrawn[0]?.['archived_at'])
})

test('a rollback lists V first, and what outranked the target highest first', async () => {
  await publish('listed', '3', '12', '4', '9', '10', '11')
  const res = await alice.send('POST', '/artifacts/listed/12/rollback', { to_version: '4' })
  const { withdrawn } = (await res.json()) as { withdrawn: Body[] }
  expect(withdrawn.map(({ version }) => version)).toEqual(['12', '11', '10', '9'])
})

test('what comes back has passed by its newest verdict, and a simulated one is none', async () => {
  await publish('judged', '1', '2')
  const judge = async (state: 'passed' | 'failed', simulate: boolean) =>
    await api.database.admin.begin(async (sql) => {
      await sql`set local session_replication_role = replica`
      await sql`
        insert into validation_runs (id, group_id, artifact_id, artifact_type, content_hash, kind, state, simulate,
                                     requires_validation, deadline, checked_at)
        select gen_random_uuid(), group_id, id, type, content_hash, 'recheck', ${state}, ${simulate}, true, now(), clock_timestamp()
          from artifact_active where name = 'judged' and version = '1'`
    })
  const back = async () => {
    const res = await alice.send('POST', '/artifacts/judged/2/rollback')
    return [res.status, ((await res.json()) as Body)['type']]
  }
  await judge('failed', true)
  expect((await back())[0]).toBe(200)
  await admin.send('POST', '/artifacts/judged/2/restore')
  await judge('failed', false)
  expect(await back()).toEqual([409, 'urn:keepr:problem:not-restorable'])
  expect(await read('judged', '2')).toMatchObject({ status: 'published' })
  await judge('passed', false)
  expect((await back())[0]).toBe(200)
})

test('reading archived content is an access, also after it was restored, and the history does not change', async () => {
  await publish('kept', '1', '2')
  await alice.send('POST', '/artifacts/kept/1/archive')
  const row = () => api.database.admin`select * from artifact_history where name = 'kept'`
  const before = await row()
  expect(await read('kept', '1')).not.toHaveProperty('last_accessed_at')
  expect(await (await alice.get('/artifacts/kept/1/content')).text()).toBe('"1"')
  await api.ctx.accessLog.flush('all')
  const accessed = (await read('kept', '1'))['last_accessed_at']
  expect(accessed).toEqual(expect.any(String))
  expect(await row()).toEqual(before)
  await admin.send('POST', '/artifacts/kept/1/restore')
  expect(await read('kept', '1')).toMatchObject({ status: 'published', last_accessed_at: accessed })
})

test('a draft is replaced by multipart as well, and keeps the type of its file', async () => {
  const form = (bytes: string, artifact: object) => {
    const body = new FormData()
    body.set('artifact', JSON.stringify(artifact))
    body.set('content', new Blob([bytes], { type: 'image/x-test' }), 'a.bin')
    return body
  }
  await alice.submit({ name: 'picture', type: 'blob', content_base64: 'AAEC', draft: true })
  const put = await alice.send('PUT', '/artifacts/picture/1', form('pixels', { metadata: { tags: ['new'] } }))
  expect([put.status, await put.json()]).toMatchObject([
    200,
    { content_type: 'image/x-test', content_size: 6, metadata: { tags: ['new'] } },
  ])
  expect(await (await alice.get('/artifacts/picture/1/content')).text()).toBe('pixels')
  const named = await alice.send('PUT', '/artifacts/picture/1', form('pixels', { name: 'other' }))
  expect(named.status).toBe(422)
})

test('an edited draft names what it is equal to now, never itself', async () => {
  const [one, two] = await Promise.all(
    ['one', 'two'].map(
      async (name) => (await (await alice.submit({ name, type: 'note', content: name })).json()) as Body,
    ),
  )
  await alice.submit({ name: 'edited', type: 'note', content: 'one', draft: true })
  expect(await read('edited', '1')).toMatchObject({ duplicate_of: one?.['id'] })
  await alice.send('PUT', '/artifacts/edited/1', { content: 'two' })
  expect(await read('edited', '1')).toMatchObject({ duplicate_of: two?.['id'] })
  for (const content of ['like nothing else', 'like nothing else']) {
    await alice.send('PUT', '/artifacts/edited/1', { content })
    expect(await read('edited', '1')).not.toHaveProperty('duplicate_of')
  }
})
