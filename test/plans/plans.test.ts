import { randomUUIDv7 } from 'node:crypto'
import { rollBackArtifact } from '@keepr/api/commands/roll-back-artifact'
import type { Asked } from '@keepr/api/commands/submission'
import { suggestCleanup } from '@keepr/api/commands/suggest-cleanup'
import { submitArtifacts } from '@keepr/api/commands/submit-artifacts'
import { findById } from '@keepr/db/artifacts/find-by-id'
import { findDuplicates } from '@keepr/db/artifacts/find-duplicates'
import { findContent } from '@keepr/db/artifacts/find-content'
import { findHighestWithin } from '@keepr/db/artifacts/find-highest-within'
import { findLatest } from '@keepr/db/artifacts/find-latest'
import { findOwnContent } from '@keepr/db/artifacts/find-own-content'
import { findOwnLatest } from '@keepr/db/artifacts/find-own-latest'
import { findOwnVersion } from '@keepr/db/artifacts/find-own-version'
import { findVersion } from '@keepr/db/artifacts/find-version'
import { amongRarelyMarked } from '@keepr/db/artifacts/find-rarely-marked'
import { listArtifacts, type ListQuestion } from '@keepr/db/artifacts/list-artifacts'
import { listSuperseded } from '@keepr/db/artifacts/list-superseded'
import { listVersions } from '@keepr/db/artifacts/list-versions'
import { sumStoredBytes } from '@keepr/db/artifacts/sum-stored-bytes'
import { listDeliveries } from '@keepr/db/deliveries/list-deliveries'
import { listArtifactEvents } from '@keepr/db/events/list-artifact-events'
import { listFeed } from '@keepr/db/events/list-feed'
import { moveToHistory } from '@keepr/db/history/move-to-history'
import type { Tx } from '@keepr/db/transaction'
import { claimRuns } from '@keepr/db/validation-runs/claim-runs'
import { listForgottenRuns } from '@keepr/db/validation-runs/list-forgotten-runs'
import { listVisibleTypes } from '@keepr/db/names/list-visible-types'
import { createTestDatabase, type TestDatabase } from '@keepr/dev-env/testing/database'
import { contentHash } from '@keepr/shared/domain/content-hash'
import { intervalsOf } from '@keepr/shared/domain/version-range'
import { TypeConfigFile } from '@keepr/shared/schemas/type-config'
import { publishPassed } from '@keepr/validation-worker/commands/publish-passed'
import { publishUnvalidated } from '@keepr/validation-worker/commands/publish-unvalidated'
import { recordVerdict } from '@keepr/validation-worker/commands/record-verdict'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seed } from '../../bench/seed/seed.ts'
import { sizeOf } from '../../bench/seed/size-of.ts'
import { type Explained, openExplained } from './explained.ts'

// Far beyond the size at which a sequential scan could still look cheap; KEEPR_PLAN_ARTIFACTS=1m tries the full one
// (docs/decisions say why this is enough).
const artifacts = sizeOf(process.env['KEEPR_PLAN_ARTIFACTS'] ?? '20k') ?? 20_000
const LARGE = [
  'artifact_active',
  'artifact_history',
  'artifact_versions',
  'artifact_names',
  'artifact_events',
  'event_feed',
  'validation_runs',
]

let database: TestDatabase
let explained: Explained
let known: { id: string; name: string; content_hash: string; created_at: string }
let lately: string

beforeAll(async () => {
  database = await createTestDatabase()
  await seed(database.adminUrl, { artifacts, versions: 5, contentBytes: 200 })
  explained = await openExplained(database)
  const [row] = await database.admin<(typeof known)[]>`
    select id, name, content_hash, created_at::text from artifact_active
     where group_id = 'acme' and version = '5' and status = 'published' and usage_policy = 'internal_only'
     order by created_at limit 1 offset ${Math.floor(artifacts / 50)}`
  if (!row) throw new Error('nothing was seeded')
  known = row
  const [newest] = await database.admin<{ created_at: string }[]>`
    select created_at::text from artifact_active where group_id = 'acme' order by created_at desc limit 1 offset 100`
  lately = newest?.created_at ?? ''
}, 15 * 60_000)

afterAll(async () => {
  await explained?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
})

/** However large the tables: nothing is read from end to end, and no more rows than the answer gives reason for. */
async function expectBounded(story: (tx: Tx) => Promise<unknown>, rows: number): Promise<void> {
  const plans = await explained.plansOf(story)
  expect(plans.length).toBeGreaterThan(0)
  for (const { text, scanned, rowsTouched } of plans) {
    expect(
      scanned.filter((table) => LARGE.includes(table)),
      text,
    ).toEqual([])
    expect(rowsTouched, text).toBeLessThanOrEqual(rows)
  }
}

describe('one artifact', () => {
  const asked = () => ({ group_id: 'acme', name: known.name, type: undefined, foreign: true, withContent: true })
  const one: Record<string, (tx: Tx) => Promise<unknown>> = {
    'the latest version of an own name': async (tx) => await findOwnLatest(tx, 'acme', [asked()]),
    'the latest version of any name': async (tx) => await findLatest(tx, asked()),
    'the latest version of a name that nobody has': async (tx) => await findLatest(tx, { ...asked(), name: 'nobodys' }),
    'a version of an own name': async (tx) => await findOwnVersion(tx, 'acme', [{ ...asked(), version: '5' }]),
    'what a download asks of a version': async (tx) =>
      await findOwnContent(tx, 'acme', [{ name: known.name, type: undefined, version: '5' }]),
    'a version of any name': async (tx) => await findVersion(tx, { ...asked(), version: '5' }),
    'its versions': async (tx) =>
      await listVersions(tx, { ...asked(), owner: 'acme', type: 'prompt', after: undefined, limit: 201 }),
    'by its id': async (tx) => await findById(tx, { group_id: 'acme', id: known.id, withContent: true }),
    'its content': async (tx) =>
      await findContent(tx, { group_id: 'acme', id: known.id, content_hash: known.content_hash, start: 0, length: 9 }),
    'its events': async (tx) =>
      await listArtifactEvents(tx, { group_id: 'acme', artifact_id: known.id, after: 0, limit: 201 }),
  }
  for (const [name, story] of Object.entries(one)) test(name, () => expectBounded(story, 40))
})

describe('a name of a thousand versions', () => {
  const asked = { name: 'ever-changing', type: undefined, version: '500', withContent: false }
  beforeAll(async () => {
    await database.admin.begin(async (sql) => {
      await sql`set local session_replication_role = replica` // the lifecycle of each is not what is looked at
      await sql`insert into artifact_names (group_id, type, name, versioning, last_sequence)
                values ('acme', 'prompt', 'ever-changing', 'integer', 1000)`
      await sql`
        insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind,
                                     content_type, content_size, content_hash, content, published_at)
        select gen_random_uuid(), 'acme', 'prompt', 'ever-changing', version, 'published', 'internal_only', 'alice', 'text',
               'text/plain', 1, repeat('0', 64), 'x', now()
          from generate_series(1, 1000) version`
    })
  })

  // Planned as they are after some calls: once, for whatever name.
  const step = (read: (tx: Tx) => PromiseLike<unknown>) =>
    expectBounded(async (tx) => {
      await tx`set local plan_cache_mode = force_generic_plan`
      await read(tx)
    }, 10)
  test('its latest version is one step down an index', () => step((tx) => findOwnLatest(tx, 'acme', [asked])))
  test('and so is one of them', () => step((tx) => findOwnVersion(tx, 'acme', [asked])))
  test('and the content of one', () => step((tx) => findOwnContent(tx, 'acme', [asked])))
  test('and the content of one, though all have the same', () =>
    step(async (tx) => {
      const slice = { id: known.id, group_id: 'acme', content_hash: '0'.repeat(64), start: 0, length: 9 }
      await findContent(tx, slice)
    }))
  test('and which others have the same content takes a look at some', () =>
    expectBounded(
      (tx) =>
        findDuplicates(tx, { group_id: 'acme', type: 'prompt' }, [{ name: asked.name, content_hash: '0'.repeat(64) }]),
      110,
    ))
  test('and the highest within a range', () =>
    step((tx) =>
      findHighestWithin(tx, {
        ...asked,
        group_id: 'acme',
        owner: 'acme',
        type: 'prompt',
        intervals: intervalsOf('<300 || >=700 <800', 'integer'),
      }),
    ))
  test('and a page of them', () =>
    step((tx) =>
      listVersions(tx, { ...asked, group_id: 'acme', owner: 'acme', type: 'prompt', after: '500', limit: 3 }),
    ))
  test('and which of them a publication pushes out', async () => {
    const [latest] = await database.admin<{ id: string }[]>`
      select id from artifact_active where name = 'ever-changing' and version = '1000'`
    const publication = { id: latest?.id ?? '', group_id: 'acme', type: 'prompt', name: 'ever-changing' }
    await step(async (tx) => {
      expect(await listSuperseded(tx, publication, { maxPublished: 2, limit: 2 })).toHaveLength(2)
    })
  })
  test('and the types in which it is there', () =>
    step((tx) => listVisibleTypes(tx, { group_id: 'acme', name: 'ever-changing' })))
  test('and one of them wherever it lies', () =>
    step((tx) => findVersion(tx, { ...asked, group_id: 'acme', foreign: true })))
})

describe('a page of 50', () => {
  const page = (question: Partial<ListQuestion>) => async (tx: Tx) => {
    const base = { group_id: 'acme', foreign: false, tags: [], sort: '-created_at', limit: 51 } as const
    return await listArtifacts(tx, await amongRarelyMarked({ ...base, ...question }, (query) => query(tx)))
  }
  const deep = () => [known.created_at, known.id]
  // Rows of the page, their runs, and what was looked at and left out on the way.
  test.for<[string, () => Partial<ListQuestion>]>([
    ['newest first', () => ({})],
    ['oldest first', () => ({ sort: 'created_at' })],
    ['by name', () => ({ sort: 'name' })],
    ['deep in the list', () => ({ after: deep() })],
    ['deep in the list, by name', () => ({ sort: 'name', after: [known.name, 'prompt', '5', known.id] })],
    ['of a type', () => ({ type: 'prompt' })],
    ['of a type that nobody uses', () => ({ type: 'nothing' })],
    ['of a rare status', () => ({ status: 'blocked' })],
    ['of a status that nothing has', () => ({ status: 'on_verification' })],
    ['of a category', () => ({ category: 'category-7' })],
    ['of a category that nothing has', () => ({ category: 'none' })],
    ['of a rare policy', () => ({ usage_policy: 'restricted' })],
    ['with a hash', () => ({ content_hash: known.content_hash })],
    ['with a name', () => ({ name: known.name })],
    ['with the beginning of a name', () => ({ name_prefix: known.name.slice(0, -1), sort: 'name' })],
    ['after a time', () => ({ created_after: known.created_at })],
    ['of the archive', () => ({ status: 'archived' })],
  ])('%s', ([, question]) => expectBounded(async (tx) => page(question())(tx), 400))

  test('of what is public elsewhere', async () => {
    const [own] = await database.admin<{ offered: number }[]>`
      select count(*)::int as offered from artifact_active where group_id = 'acme' and status = 'published' and usage_policy = 'public'`
    // What the own group offers itself may all be newer, and is passed by.
    await expectBounded(page({ foreign: true }), 400 + (own?.offered ?? 0))
  })

  // The planner takes one plan for whatever is asked once that looks no dearer than planning each call: this must not come then.
  test.for<[string, () => Partial<ListQuestion>]>([
    ['newest first', () => ({})],
    ['of what all names begin with', () => ({ name_prefix: 'seeded-' })],
    ['of what all names begin with, by name', () => ({ name_prefix: 'seeded-', sort: 'name' })],
    ['of what few names begin with', () => ({ name_prefix: known.name.slice(0, -1) })],
    ['by name, after a time that is not long ago', () => ({ sort: 'name', created_after: lately })],
    ['oldest first, before a time', () => ({ sort: 'created_at', created_before: known.created_at })],
  ])('asked often, %s', async ([, question]) => {
    const plans = await explained.plansOf(async (tx) => {
      for (let time = 0; time < 12; time++) await page(question())(tx)
    })
    expect(plans.length).toBeGreaterThanOrEqual(12)
    // The thousand versions above are the newest, and may have to be passed by.
    for (const { text, rowsTouched } of plans) expect(rowsTouched, text).toBeLessThanOrEqual(1500)
  })

  // Of what is rare all rows are read where they lie, and what is shown beside those of the page.
  test.for<[string, Partial<ListQuestion>]>([
    ['with a rare tag', { tags: ['rare-77'] }],
    ['with a tag that nothing has', { tags: ['none'] }],
    ['with two tags', { tags: ['rare-77', 'stage-5'] }],
    ['with a rare word', { words: 'topic77' }],
    ['with a word that nothing has', { words: 'nowhere' }],
    ['with a rare tag, oldest first', { tags: ['rare-77'], sort: 'created_at' }],
    ['with a rare tag, by name', { tags: ['rare-77'], sort: 'name' }],
    ['with a tag that nothing has, by name', { tags: ['none'], sort: 'name' }],
    ['with a rare word, by name', { words: 'topic77', sort: 'name' }],
  ])('%s', async ([, question]) => {
    const { tags = [], words } = question
    const [having] = await database.admin<{ rows: number }[]>`
      select count(*)::int as rows from artifact_active
       where group_id = 'acme' and tags @> ${JSON.stringify(tags)}::text::jsonb
         and (${words ?? null}::text is null or search_words @@ plainto_tsquery('simple', ${words ?? ''}))`
    await expectBounded(page(question), 402 + (having?.rows ?? 0))
  })

  // The index is asked for 2,000 rows before a tag or word counts as common; of most that are passed by then no more is looked
  // at than their entries in indexes.
  test.for<[string, Partial<ListQuestion>]>([
    ['word', { words: 'text' }],
    ['tag', { tags: ['stage-5'] }],
    ['tag, oldest first', { tags: ['stage-1'], sort: 'created_at' }],
    ['tag that only the oldest have, newest first', { tags: ['stage-1'] }],
    ['tag that only the newest have, oldest first', { tags: ['stage-5'], sort: 'created_at' }],
  ])('with a common %s', async ([, question]) => {
    const plans = await explained.plansOf(page(question))
    expect(plans.length).toBeGreaterThan(1)
    for (const { text, rowsRead } of plans) expect(rowsRead, text).toBeLessThanOrEqual(3000)
  })

  // However often others use it: not one row of theirs is looked at, so that no clock can tell.
  test.for<[string, Partial<ListQuestion>]>([
    ['a tag', { tags: ['team-5'] }],
    ['a tag, oldest first', { tags: ['team-5'], sort: 'created_at' }],
    ['a word', { words: 'topic5' }],
  ])('with %s that only other groups have', ([, question]) => expectBounded(page(question), 0))
})

test('a rare tag, after many were inserted that the index has not merged yet', async () => {
  await database.admin.begin(async (sql) => {
    await sql`set local session_replication_role = replica`
    await sql`
      insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind,
                                   content_type, content_size, content_hash, content, published_at, metadata)
      select gen_random_uuid(), 'fresh', 'prompt', 'fresh-' || n, '1', 'published', 'internal_only', 'alice', 'text',
             'text/plain', 1, repeat('0', 64), 'x', now(), '{"tags": ["one", "two", "three"], "description": "just come"}'
        from generate_series(1, 6000) n`
  })
  const tagged = { group_id: 'acme', foreign: false, tags: ['rare-77'], sort: '-created_at', limit: 51 } as const
  const plans = await explained.plansOf(async (tx) => await listArtifacts(tx, tagged))
  const searches = plans.flatMap(({ nodes }) => nodes.filter((node) => node['Index Name'] === 'artifact_active_marks'))
  expect(searches).not.toEqual([])
  for (const search of searches) expect(search['Shared Hit Blocks']).toBeLessThan(50) // 32 of what waits, and the tree
})

test('the feed, from its beginning and from its middle', async () => {
  const feed = (after: number) => async (tx: Tx) =>
    await listFeed(tx, { group_id: 'acme', after, types: undefined, limit: 100 })
  await expectBounded(feed(0), 600)
  const [row] = await database.admin<
    { position: number }[]
  >`select (min(position) + max(position)) / 2 as position from event_feed`
  await expectBounded(feed(Number(row?.position)), 600)
})

test('what a group stores, by indexes alone', async () => {
  const plans = await explained.plansOf((tx) => sumStoredBytes(tx, 'acme'))
  const reads = plans.flatMap(({ nodes }) => nodes.filter((node) => node['Relation Name'] !== undefined))
  expect(reads.map((node) => [node['Relation Name'], node['Node Type']])).toEqual([
    ['artifact_active', 'Index Only Scan'],
    ['artifact_history', 'Index Only Scan'],
  ])
})

test('a suggestion of what to clean up, where much is idle', async () => {
  const actor = { userId: 'alice', groupId: 'acme', roles: ['author'] as const }
  const question = { type: undefined, ttls: new Map(), defaultTtlMs: 1, limit: 50, after: undefined }
  await expectBounded((tx) => suggestCleanup(tx, actor, question), 1000)
})

test('a roll back, triggers and foreign keys included', async () => {
  const actor = { userId: 'alice', groupId: 'acme', roles: ['admin', 'author', 'consumer'] as const }
  await expectBounded(async (tx) => {
    const [artifact] = await findVersion(tx, {
      group_id: 'acme',
      name: known.name,
      type: 'prompt',
      version: '5',
      foreign: false,
      withContent: false,
    })
    if (!artifact) throw new Error('the version is not there')
    await rollBackArtifact(tx, actor, artifact, {
      request: { to_version: undefined, reason: undefined },
      cause: { actor: 'alice', requestId: randomUUIDv7() },
    })
  }, 40)
})

test('a page of the few deliveries that are pending, beside many that were made', async () => {
  await database.admin`
    insert into webhook_deliveries (id, group_id, event_type, subscriber, webhook_id, state, created_at)
    select gen_random_uuid(), 'acme', 'artifact.published', 'ci', 'msg_' || n, case when n > 3 then 'delivered' else 'pending' end,
           now() - (20000 - n) * interval '1 second'
      from generate_series(1, 20000) n`
  await database.admin`
    insert into outbox (id, kind, lane, group_id, refs)
    select gen_random_uuid(), 'deliver_webhook', subscriber, group_id, array[id] from webhook_deliveries where state = 'pending'`
  await database.admin`analyze webhook_deliveries, outbox`
  await expectBounded(async (tx) => {
    expect(await listDeliveries(tx, { group_id: 'acme', status: 'pending', limit: 51 })).toHaveLength(3)
  }, 40)
})

describe('verdicts beside many that wait, of which none did when the statements were planned', () => {
  const rules = {
    config: v.parse(TypeConfigFile, { types: { script: { requires_validation: false } } }).types['script'],
    maxPending: Number.POSITIVE_INFINITY,
    maxPendingPerUser: Number.POSITIVE_INFINITY,
    maxStoredBytes: Number.POSITIVE_INFINITY,
  }
  const runIds = Array.from({ length: 320 }, () => randomUUIDv7())
  const asked = runIds.slice(0, 8)
  const actor = { userId: 'alice', groupId: 'acme', roles: ['author'] } as const
  let worker: Explained

  const submissionOf = (run_id: string, index: number): Asked => {
    const content = Buffer.from(JSON.stringify({ index }))
    if (!rules.config) throw new Error('the type is not configured')
    return {
      submission: {
        name: `waiting-${index}`,
        type: 'script',
        version: undefined,
        bump: undefined,
        metadata: {},
        usage_policy: undefined,
        draft: false,
        run_id,
        awaited: false,
        content,
        content_kind: 'json',
        content_type: 'application/json',
        content_size: content.byteLength,
        content_hash: contentHash(content),
      },
      rules: { ...rules, config: rules.config },
      cause: { actor: 'alice' },
    }
  }

  beforeAll(async () => {
    const api = database.connectAs('keepr_api')
    await api.withActor(actor, (tx, commit) => submitArtifacts(tx, actor, runIds.map(submissionOf), commit))
    worker = await openExplained(database, 'keepr_validation')
  })
  afterAll(() => worker?.[Symbol.asyncDispose]())

  const expectFew = async (story: (tx: Tx) => Promise<unknown>) => {
    const plans = await worker.plansOf(story)
    expect(plans.length).toBeGreaterThan(0)
    for (const { text, rowsTouched, blocksRead } of plans) {
      expect(rowsTouched, text).toBeLessThanOrEqual(asked.length * 10)
      expect(blocksRead, text).toBeLessThanOrEqual(asked.length * 10)
    }
  }
  const rolledBack = () => {} // what is explained is not kept
  const claim = (tx: Tx) => claimRuns(tx, { groupId: 'acme', runIds: asked, validatedTypes: [] })

  test('are opened with their submissions, of new names and of old ones', async () => {
    const names = await database.admin<{ name: string }[]>`
      select name from artifact_names where group_id = 'acme' and type = 'prompt' and name like 'seeded-%' order by name limit 4`
    const submissions = asked.map((run_id, index) => {
      const { submission, ...one } = submissionOf(run_id, index)
      const name = names[index]?.name ?? submission.name
      return { ...one, submission: { ...submission, run_id: randomUUIDv7(), type: 'prompt', name } }
    })
    // Twelve times, as from the sixth on a statement may be planned for whatever is asked.
    for (let n = 0; n < 12; n++)
      await expectBounded((tx) => submitArtifacts(tx, actor, submissions, rolledBack), asked.length * 10)
  })

  test('are claimed', () => expectFew(claim))

  test('are looked through for those without a message, one by one', async () => {
    const plans = await worker.plansOf((tx) => listForgottenRuns(tx, 500))
    expect(plans.length).toBeGreaterThan(0)
    for (const { text, rowsTouched } of plans) expect(rowsTouched, text).toBeLessThanOrEqual(runIds.length * 2)
  })

  test('are published where no validator judges', () =>
    expectFew((tx) =>
      publishUnvalidated(tx, { group_id: 'acme', type: 'script', runIds: asked, limit: 0 }, rolledBack),
    ))

  test('are published where one has passed them', () =>
    expectFew(async (tx) => {
      const verdict = { findings: [], report_url: undefined, attempted: true }
      const tried = { at: new Date(), durationMs: 1, outcome: 'passed' as const, reason: null }
      const passed = (await claim(tx)).map((run) => ({ run, verdict, tried }))
      return await publishPassed(tx, { group_id: 'acme', type: 'script' }, passed, rolledBack)
    }))

  test('are recorded one by one', () =>
    expectFew(async (tx) => {
      for (const run of await claim(tx)) await recordVerdict(tx, run, { verdict: { state: 'failed' } })
    }))

  test('retire older versions', async () => {
    const published = await database.admin<{ id: string }[]>`
      select id from artifact_active where group_id = 'acme' and status = 'published' order by created_at limit ${asked.length}`
    const ids = published.map(({ id }) => id)
    await expectFew((tx) => moveToHistory(tx, 'acme', ids, { reason: 'superseded', by: 'system:validation-worker' }))
  })
})
