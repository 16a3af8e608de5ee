import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
beforeAll(async () => {
  api = await startApi()
  alice = await api.as('acme', 'alice')
})
afterAll(() => api[Symbol.asyncDispose]())

type Body = { id: string; name: string; version: string; content_hash: string; created_by: string; type: string }
const sent = async (answer: Promise<Response>) => {
  const response = await answer
  return { status: response.status, body: (await response.json()) as Body } // SAFETY: an artifact or a problem.
}

test('what one user submits at once is stored each with its own content, run and events', async () => {
  const contents = Array.from({ length: 40 }, (_, n) => ({ n, text: 'ü'.repeat(n) }))
  const answers = await Promise.all(
    contents.map((content) => sent(alice.submit({ name: `at-once-${content.n}`, type: 'prompt', content }))),
  )
  for (const [n, { status, body }] of answers.entries()) {
    const hash = createHash('sha256').update(JSON.stringify(contents[n])).digest('hex')
    expect([status, body]).toMatchObject([202, { name: `at-once-${n}`, version: '1', content_hash: hash }])
  }
  const rows = await api.database.admin<{ same: boolean; events: string; runs: number; messages: number }[]>`
    select convert_from(a.content, 'UTF8')::jsonb = a.json_content as same,
           (select string_agg(e.event_type || ' ' || e.sequence, ', ' order by e.sequence) from artifact_events e where e.artifact_id = a.id) as events,
           (select count(*)::int from validation_runs r where r.id = a.validation_run_id and r.artifact_id = a.id) as runs,
           (select count(*)::int from outbox o where o.refs[1] = a.validation_run_id or o.refs <@ array(select id from artifact_events e where e.artifact_id = a.id)) as messages
      from artifact_active a where a.name like 'at-once-%'`
  expect(rows).toHaveLength(40)
  for (const row of rows) expect(row).toEqual({ same: true, events: 'created 1, submitted 2', runs: 1, messages: 2 })
})

test('one of them that is refused is refused alone', async () => {
  expect((await alice.submit({ name: 'taken', type: 'prompt', version: 1, content: 0 })).status).toBe(202)
  const submissions = Array.from({ length: 12 }, (_, n) =>
    n % 4 === 3
      ? { name: 'taken', type: 'prompt', version: 1, content: n }
      : { name: `beside-${n}`, type: 'prompt', version: 1, content: n },
  )
  const answers = await Promise.all(submissions.map((submission) => sent(alice.submit(submission))))
  expect(answers.map(({ status }) => status)).toEqual(submissions.map(({ name }) => (name === 'taken' ? 409 : 202)))
  const [sequences] = await api.database.admin<{ gapless: boolean }[]>`
    select bool_and(n.last_sequence = (select count(*) from artifact_events e where e.group_id = n.group_id and e.type = n.type and e.name = n.name)) as gapless
      from artifact_names n`
  expect(sequences?.gapless).toBe(true)
})

test('repetitions among new ones are told the version that stands there', async () => {
  const first = await sent(alice.submit({ name: 'known', type: 'prompt', content: 'same' }))
  await api.settleAll()
  const answers = await Promise.all(
    ['known', 'news-1', 'known', 'news-2', 'known'].map((name) =>
      sent(alice.submit({ name, type: 'prompt', content: 'same' })),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual([200, 202, 200, 202, 200])
  expect(answers.filter(({ status }) => status === 200).map(({ body }) => body.id)).toEqual(
    Array(3).fill(first.body.id),
  )
})

test('what comes to nothing takes no number of its name, whatever else is stored with it', async () => {
  const submit = (name: string, more: object) => sent(alice.submit({ name, type: 'prompt', content: 'same', ...more }))
  await submit('numbered', { version: 1 })
  await api.settleAll()
  const answers = await Promise.all([
    submit('numbered', {}),
    submit('numbered-new', {}),
    submit('numbered-too', { version: '1.0.0' }),
  ])
  expect(answers.map(({ status }) => status)).toEqual([200, 202, 202])
  const refused = await Promise.all([
    submit('numbered', { version: 1, content: 'other' }),
    submit('numbered-new', { version: '1.0.0' }),
    submit('numbered-too', { version: 1 }),
    submit('numbered-last', {}),
  ])
  expect(refused.map(({ status }) => status)).toEqual([409, 422, 422, 202])
  const numbers = await api.database.admin<{ gaps: boolean }[]>`
    select n.name, n.last_sequence <> (select max(e.sequence) from artifact_events e
                                where (e.group_id, e.type, e.name) = (n.group_id, n.type, n.name)) as gaps
      from artifact_names n where n.name like 'numbered%'`
  expect(numbers.map(({ gaps }) => gaps)).toEqual(Array(4).fill(false))
})

test('users never share a transaction, nor do their limits', async () => {
  const bob = await api.as('acme', 'bob')
  const mallory = await api.as('evil', 'alice')
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, n) => {
      const caller = [alice, bob, mallory][n % 3] ?? alice
      return sent(caller.submit({ name: `whose-${n}`, type: 'prompt', content: n }))
    }),
  )
  expect(answers.map(({ body }) => body.created_by)).toEqual(answers.map((_, n) => (n % 3 === 1 ? 'bob' : 'alice')))
  const groups = await api.database.admin<{ group_id: string; count: number }[]>`
    select group_id, count(*)::int as count from artifact_active where name like 'whose-%' group by 1 order by 1`
  expect(groups).toMatchObject([{ group_id: 'acme', count: 20 }, { group_id: 'evil', count: 10 }]) // prettier-ignore
})

test('limits count each of those that come at once', async () => {
  await using limited = await startApi({ MAX_PENDING: '5', MAX_STORED_BYTES: '100' })
  const carol = await limited.as('acme', 'carol')
  const many = (type: string, content: string, draft: boolean) =>
    Promise.all(
      Array.from({ length: 12 }, (_, n) => sent(carol.submit({ name: `${type}-${draft}-${n}`, type, content, draft }))),
    )
  const pending = await many('note', 'x', false)
  expect(pending.filter(({ status }) => status === 202)).toHaveLength(5)
  expect(pending.filter(({ body }) => body.type.endsWith('too-many-pending'))).toHaveLength(7)
  const stored = await many('note', 'x'.repeat(20), true) // 95 bytes are left
  expect(stored.filter(({ status }) => status === 201)).toHaveLength(4)
  expect(stored.filter(({ body }) => body.type.endsWith('storage-quota-exceeded'))).toHaveLength(8)
})

/** Takes version 1 of a name without locking it, and lets go of it only once a submission waits for it. */
async function raced<T>(name: string, submit: () => Promise<T>): Promise<T> {
  const { admin } = api.database
  const taker = await admin.reserve()
  await taker`begin`
  await taker`
    insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
    values ('acme', 'prompt', ${name}, '1', ${randomUUID()}, 'bob', ${'0'.repeat(64)}, 'on_verification', 'internal_only', true)`
  const answer = submit()
  await waitFor(async () => {
    const rows = await admin`
      select from pg_locks where not granted and locktype = 'transactionid'
         and pid in (select pid from pg_stat_activity where datname = current_database())`
    return rows.length > 0
  }, 'the submission to wait for the version')
  await taker`commit`
  taker.release()
  return await answer
}

test('a version that somebody takes meanwhile without locking its name is refused as used', async () => {
  const { status, body } = await raced('raced', () =>
    sent(alice.submit({ name: 'raced', type: 'prompt', version: 1, content: 1 })),
  )
  expect([status, body]).toMatchObject([409, { type: 'urn:keepr:problem:version-exists', version: '1' }])
})

test('… and where the next one was asked for, with others, it is the one after that', async () => {
  const answers = await raced('raced-too', () =>
    Promise.all(['raced-too', 'unhindered'].map((name) => sent(alice.submit({ name, type: 'prompt', content: 1 })))),
  )
  expect(answers.map(({ status, body }) => [status, body.version])).toEqual([[202, '2'], [202, '1']]) // prettier-ignore
})

test('a repetition of what is hidden before it can be told is stored as a version of its own', async () => {
  const { admin } = api.database
  const bob = await api.as('acme', 'bob')
  await bob.submit({ name: 'hidden', type: 'prompt', content: 'same' })
  await api.settleAll()
  // Told by a read after the commit, which waits here for the history.
  const holder = await admin.reserve()
  await holder`begin`
  await holder`lock table artifact_history in access exclusive mode`
  const answer = sent(alice.submit({ name: 'hidden', type: 'prompt', content: 'same' }))
  await waitFor(async () => {
    const rows = await admin`
      select from pg_locks where not granted and relation = 'artifact_history'::regclass
         and pid in (select pid from pg_stat_activity where datname = current_database())`
    return rows.length > 0
  }, 'the repetition to be read')
  await admin`update artifact_active set usage_policy = 'restricted' where name = 'hidden'`
  await holder`commit`
  holder.release()
  expect(await answer).toMatchObject({ status: 202, body: { version: '2' } })
})
