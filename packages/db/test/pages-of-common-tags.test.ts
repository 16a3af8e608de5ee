import { afterAll, beforeAll, expect, it } from 'vitest'
import { amongRarelyMarked } from '@keepr/db/artifacts/find-rarely-marked'
import { listArtifacts, type ListQuestion, readItem } from '@keepr/db/artifacts/list-artifacts'
import type { Db } from '@keepr/db/connect'
import { toTimestamp } from '@keepr/db/timestamp'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'

const alice = { userId: 'alice', groupId: 'acme', roles: ['author'] } as const
let database: TestDatabase
let db: Db

// More than are found by their marks alone; three at a time were made at once, and bob's restricted ones are not for alice.
beforeAll(async () => {
  database = await createTestDatabase()
  db = database.connectAs('keepr_api')
  await database.admin.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    await sql`
      insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind, content_type,
                                   content_size, content_hash, content, metadata, created_at, published_at)
      select gen_random_uuid(), 'acme', case when n % 3 = 0 then 'prompt' else 'chain' end, 'made-' || n, '1',
             case when n % 47 = 0 then 'draft' else 'published' end, case when n % 4 = 0 then 'restricted' else 'internal_only' end,
             case when n % 11 = 0 then 'bob' else 'alice' end, 'text', 'text/plain', 1, repeat('0', 64), 'x',
             jsonb_build_object('category', 'of-' || n % 7, 'description', case when n % 6 < 2 then 'seldom said' else 'said' end,
               'tags', jsonb_build_array(case when n <= 4000 then 'early' when n > 9000 then 'late' else 'between' end,
                                         case when n % 40 < 10 then 'here and there' else 'elsewhere' end)),
             timestamptz '2026-01-01' + (n / 3) * interval '1 second', case when n % 47 <> 0 then now() end
        from generate_series(1, 12000) n`
  })
  await database.admin`analyze artifact_active`
})
afterAll(() => database[Symbol.asyncDispose]())

const page = (question: Partial<ListQuestion>) => {
  const asked = { group_id: 'acme', foreign: false, tags: [], sort: '-created_at', limit: 201, ...question } as const
  return db.withActor(
    alice,
    async (tx) => await listArtifacts(tx, await amongRarelyMarked(asked, (query) => query(tx))),
  )
}

async function throughAllPages(question: Partial<ListQuestion>): Promise<string[]> {
  const ids: string[] = []
  for (let after: readonly string[] | undefined; ;) {
    const items = (await page({ ...question, after })).map(readItem)
    ids.push(...items.map(({ id }) => id))
    const last = items.at(-1)
    if (items.length < 201 || !last) return ids
    after = question.sort === 'name' ? [last.name, last.type, last.version, last.id] : [last.created_at, last.id]
  }
}

it.for<Partial<ListQuestion>>([
  { tags: ['early'] },
  { tags: ['late'], sort: 'created_at' },
  { tags: ['between'], type: 'prompt' },
  { tags: ['here and there'], sort: 'created_at', status: 'published' },
  { tags: ['here and there'], category: 'of-2', usage_policy: 'restricted' },
  { tags: ['here and there'], type: 'chain', category: 'of-3', status: 'draft' },
  { words: 'seldom', usage_policy: 'internal_only' },
  { words: 'said', tags: ['early'], sort: 'created_at', type: 'chain' },
  // Few have both, so that they are read where their marks lead.
  { tags: ['here and there', 'late'] },
  { tags: ['here and there', 'late'], words: 'seldom', sort: 'created_at' },
  { tags: ['here and there', 'late'], type: 'chain', category: 'of-3', status: 'published' },
  { tags: ['here and there', 'late'], sort: 'name' },
  { tags: ['late'], words: 'seldom', type: 'prompt', sort: 'name' },
  { tags: ['early'], sort: 'name', status: 'published' },
])('pages of %j hold together what all have that is asked for, once and in order', async (question) => {
  const { tags = [], words, type, category, status, usage_policy, sort } = question
  const expected = await database.admin<{ id: string; name: string }[]>`
    select id, name from artifact_active
     where not (usage_policy = 'restricted' and created_by = 'bob')
       and tags @> ${JSON.stringify(tags)}::text::jsonb and (${words ?? null}::text is null or search_words @@ plainto_tsquery('simple', ${words ?? ''}))
       and (${type ?? null}::text is null or type = ${type ?? ''}) and (${category ?? null}::text is null or category = ${category ?? ''})
       and (${status ?? null}::text is null or status = ${status ?? ''})
       and (${usage_policy ?? null}::text is null or usage_policy = ${usage_policy ?? ''})
     order by created_at desc, id desc`
  if (sort === 'created_at') expected.reverse()
  if (sort === 'name') expected.sort((a, b) => (a.name < b.name ? -1 : 1))
  const ids = expected.map(({ id }) => id)
  expect(ids.length).toBeGreaterThan(0)
  expect(await throughAllPages(question)).toEqual(ids)
})

it('a page of a time is found within it', async () => {
  const [first, last] = [toTimestamp('2026-01-01 00:20:00+00'), toTimestamp('2026-01-01 00:40:00+00')]
  const ofTime = { tags: ['between'], created_after: first, created_before: last }
  const expected = await database.admin<{ id: string }[]>`
    select id from artifact_active
     where tags @> '["between"]' and created_at > ${first} and created_at < ${last} and not (usage_policy = 'restricted' and created_by = 'bob')
     order by created_at desc, id desc`
  expect(await throughAllPages(ofTime)).toEqual(expected.map(({ id }) => id))
})
