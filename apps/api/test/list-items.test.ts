import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
let carl: Caller
let mallory: Caller
beforeAll(async () => {
  api = await startApi()
  alice = await api.as('acme', 'alice', 'admin')
  carl = await api.as('acme', 'carl', 'consumer')
  mallory = await api.as('other', 'mallory')
  const metadata = {
    tags: ['a "quoted" tag', 'Ünïcode 🎈', '\u2028 and \u0007'],
    description: 'a\\b\n+00:00"',
    10: 1e21,
    9: [0.1, -0, 1e-7, null, true, {}],
    constructor: { toString: '' },
  }
  const text = JSON.stringify(metadata).replace('{', '{"__proto__":{"a":1},')
  await alice.submit({ name: 'odd', type: 'prompt', content: 1, metadata: JSON.parse(text) as object })
  await alice.submit({ name: 'plain', type: 'prompt', content: 1 })
  await alice.submit({ name: 'same', type: 'prompt', content: { a: 1 } })
  await alice.submit({ name: 'same.again', type: 'prompt', content: { a: 1 } })
  await alice.submit({ name: 'bytes', type: 'note', content: 'ü', usage_policy: 'public' })
  await alice.submit({ name: 'own', type: 'prompt', content: 1, usage_policy: 'restricted' })
  for (const version of ['1.0.0', '1.0.1-rc.1'])
    await alice.submit({ name: 'gone', type: 'semantic', version, content: 1 })
  await api.settleAll()
  await alice.send('POST', '/artifacts/gone/1.0.0/archive', {})
  await alice.submit({ name: 'refused', type: 'checked', content: 1 })
  await tried('refused', 'failed')
  await api.settleAll('blocked')
  await alice.submit({ name: 'pending', type: 'checked', content: 1 })
  await tried('pending', 'error')
  await alice.submit({ name: 'drafted', type: 'prompt', content: 'd', draft: true })
  await alice.get('/artifacts/odd')
  await api.ctx.accessLog.flush('all')
})
afterAll(() => api[Symbol.asyncDispose]())

/** Notes tries of the run of a version, and findings. */
async function tried(name: string, outcome: 'failed' | 'error') {
  const { admin: sql } = api.database
  await sql`
    update validation_runs set attempts = 2, findings = ${JSON.stringify([{ severity: 'high', code: 'é', message: '"' }])}::text::jsonb,
           report_url = 'https://checkr.test/report?"', reason = 'because'
     where artifact_id = (select id from artifact_active where name = ${name})`
  await sql`
    insert into validation_tries (id, group_id, run_id, at, duration_ms, outcome, reason)
    select gen_random_uuid(), group_id, validation_run_id, created_at + n * interval '1 second', n, ${outcome}, 'try ' || n
      from artifact_active, generate_series(1, 2) n where name = ${name}`
}

type Page = { items: { id: string; name: string }[] }

test('an item of a list is, byte for byte, what a read of that version answers without content', async () => {
  const seen: Record<string, string[]> = {}
  for (const [who, caller, query] of [
    ['alice', alice, 'sort=name'],
    ['alice in the archive', alice, 'status=archived'],
    ['carl', carl, 'sort=created_at'],
    ['mallory', mallory, 'scope=public'],
    ['mallory at home', mallory, ''],
  ] as const) {
    const page = await (await caller.get(`/artifacts/?${query}`)).text()
    const { items } = JSON.parse(page) as Page
    const single = items.map(async ({ id }) => await (await caller.get(`/artifacts/by-id/${id}?content=false`)).text())
    expect(page).toBe(`{"items":[${(await Promise.all(single)).join(',')}],"next_cursor":null}`)
    seen[who] = items.map(({ name }) => name).toSorted()
  }
  expect(seen).toEqual({
    alice: ['bytes', 'drafted', 'gone', 'odd', 'own', 'pending', 'plain', 'refused', 'same', 'same.again'],
    'alice in the archive': ['gone'],
    carl: ['bytes', 'gone', 'odd', 'plain', 'same', 'same.again'],
    mallory: ['bytes'],
    'mallory at home': [],
  })
})

test('the versions of a name are told in the same words', async () => {
  const versions = await (await alice.get('/artifacts/gone/versions')).text()
  const { items } = JSON.parse(versions) as Page
  const single = items.map(async ({ id }) => await (await alice.get(`/artifacts/by-id/${id}?content=false`)).text())
  expect(versions).toBe(`{"items":[${(await Promise.all(single)).join(',')}],"next_cursor":null}`)
})
