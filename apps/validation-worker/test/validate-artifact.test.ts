import { findById } from '@keepr/db/artifacts/find-by-id'
import { waitFor } from '@keepr/dev-env/testing/wait-for'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { sampleRuns } from '../src/jobs/sample-runs.ts'
import { json } from './support/http-peer.ts'
import { setUp } from './support/set-up.ts'

const { worker, peer } = await setUp()
beforeEach(() => {
  peer.behave(json(200, { valid: true }))
  peer.requests.length = 0
  worker.configure({
    free: { requires_validation: false },
    checked: { requires_validation: true, validator: { url: `${peer.url}/check` } },
    pruned: { requires_validation: false, max_published: 2 },
    held: { requires_validation: true, validator: { url: `${peer.url}/check`, attempts: 1, on_unavailable: 'hold' } },
    brief: { requires_validation: true, validator: { url: `${peer.url}/check`, attempts: 2 } },
  })
})

describe('a validation run', () => {
  it('publishes without a validator what needs none', async () => {
    const artifact = await worker.submit({ type: 'free', requires_validation: false })
    expect(await worker.work(artifact)).toBe('settled')
    const { status, run, events, message } = await worker.stateOf(artifact)
    expect({ status, state: run.state, events, message }).toMatchObject({
      status: 'published',
      state: 'not_required',
      events: [{ event_type: 'published', sequence: 1 }],
      message: undefined,
    })
    expect(peer.requests).toEqual([])
  })

  it('publishes what the validator finds valid, having sent exactly the bytes that were hashed', async () => {
    const artifact = await worker.submit({ content: '{"b":1,"a":"ä"}' })
    await worker.work(artifact)
    expect(await worker.stateOf(artifact)).toMatchObject({
      status: 'published',
      run: { state: 'passed', attempts: 1 },
      tries: [{ outcome: 'passed' }],
    })
    expect(peer.requests).toHaveLength(1)
    expect(peer.requests[0]?.body).toContain(',"content":{"b":1,"a":"ä"}}}')
    expect(peer.requests[0]?.headers).toMatchObject({
      'idempotency-key': artifact.run_id,
      'content-type': 'application/json',
    })
  })

  it('is sent with large content as it is, and so many of them at once as there is room for in memory', async () => {
    const content = JSON.stringify('x'.repeat(300 * 1024))
    const artifacts = await Promise.all(Array.from({ length: 7 }, () => worker.submit({ content })))
    const asked = Promise.withResolvers<void>()
    peer.behave((...exchange) => void asked.promise.then(() => json(200, { valid: true })(...exchange)))
    const followed: string[] = []
    const working = artifacts.map((artifact) => worker.work(artifact).then((one) => followed.push(one)))
    await waitFor(() => followed.length + peer.requests.length === 7, 'each to be sent or put off')
    expect({ sent: peer.requests.length, followed }).toEqual({ sent: 4, followed: Array(3).fill('scheduled') })
    asked.resolve()
    await Promise.all(working)
    for (const artifact of artifacts) await worker.work(artifact)
    for (const artifact of artifacts)
      expect(await worker.stateOf(artifact)).toMatchObject({ status: 'published', run: { attempts: 1 } })
    expect(peer.requests).toHaveLength(7)
    for (const { body } of peer.requests) expect(body).toContain(`,"content":${content}}}`)
  })

  it.each([
    ['small', '{"text":"x"}'],
    ['large', JSON.stringify('x'.repeat(300 * 1024))],
  ])(
    'sends nothing of content that is not what was hashed any more, and publishes it not (%s)',
    async (_size, content) => {
      const artifact = await worker.submit({ content })
      await worker.database.admin.begin(async (sql) => {
        await sql`set local session_replication_role = 'replica'` // as a disk does it: no guard is asked
        await sql`update artifact_active set content = '"spoilt"' where id = ${artifact.id}`
      })
      await worker.work(artifact)
      expect(peer.requests).toEqual([])
      expect(await worker.stateOf(artifact)).toMatchObject({
        status: 'on_verification',
        run: { state: 'error', reason: 'the stored content is damaged' },
      })
    },
  )

  it('is known to the validator by its own id, whatever header the operator configured', async () => {
    const validator = { url: `${peer.url}/check`, headers: { 'Idempotency-Key': 'the same each time' } }
    worker.configure({ checked: { requires_validation: true, validator } })
    const artifact = await worker.submit()
    await worker.work(artifact)
    expect(peer.requests[0]?.headers['idempotency-key']).toBe(artifact.run_id)
  })

  it('that only the operator can help is counted, and said as an error', async () => {
    const counted = async () =>
      (await worker.ctx.metrics.operatorMistakes.get()).values.find(({ labels }) => labels.type === 'checked')?.value
    peer.behave(json(403, {}))
    const before = (await counted()) ?? 0
    const artifact = await worker.submit()
    await worker.work(artifact)
    expect(await counted()).toBe(before + 1)
    const line = worker.logged.map((text) => JSON.parse(text)).find(({ run_id }) => run_id === artifact.run_id)
    expect(line).toMatchObject({ level: 'error', outcome: 'error', reason: 'the validator answered 403' })
    peer.behave(json(200, { valid: true }))
    await worker.work(artifact)
  })

  it('blocks what the validator finds invalid, however little its findings say', async () => {
    peer.behave(json(200, { valid: false, findings: [{ message: 'too long' }] }))
    const artifact = await worker.submit()
    await worker.work(artifact)
    expect(await worker.stateOf(artifact)).toMatchObject({
      status: 'blocked',
      run: { findings: [{ severity: 'error', code: 'unspecified', message: 'too long' }] },
    })
  })

  it('blocks what the validator finds invalid, with its findings', async () => {
    peer.behave(json(422, { valid: false, findings: [{ severity: 'high', code: 'X1', message: 'no', path: '/a' }] }))
    const artifact = await worker.submit()
    await worker.work(artifact)
    const { events, ...state } = await worker.stateOf(artifact)
    expect(state).toMatchObject({
      status: 'blocked',
      run: { state: 'failed', findings: [{ severity: 'high', code: 'X1', message: 'no', path: '/a' }] },
    })
    expect(events).toMatchObject([{ event_type: 'blocked', event_data: { reason: 'validation_failed' } }])
    // Their texts may quote the content, which webhooks never tell.
    expect(events[0]?.event_data['findings']).toEqual([{ severity: 'high', code: 'X1', path: '/a' }])
  })

  it('changes nothing when it is worked on again', async () => {
    const artifact = await worker.submit()
    const both = await Promise.all([worker.work(artifact), worker.work(artifact)])
    expect(both.toSorted()).toEqual(['settled', 'stale'])
    expect(await worker.work(artifact)).toBe('stale')
    expect((await worker.stateOf(artifact)).events).toHaveLength(1)
  })

  it('is validated when the present configuration is stricter than its submission', async () => {
    peer.behave(json(200, { valid: false }))
    const artifact = await worker.submit({ requires_validation: false })
    await worker.work(artifact)
    expect(await worker.stateOf(artifact)).toMatchObject({ status: 'blocked', run: { state: 'failed' } })
  })

  it('is never published for a type that is not configured any more', async () => {
    const artifact = await worker.submit({ type: 'gone', requires_validation: false })
    expect(await worker.work(artifact)).toBe('scheduled')
    const { status, run, message } = await worker.stateOf(artifact)
    expect({ status, run }).toMatchObject({ status: 'on_verification', run: { state: 'error' } })
    expect(message?.due_in_ms).toBeGreaterThan(4 * 60_000)
  })

  it('moves superseded versions to the history', async () => {
    const versions = []
    for (const version of ['1', '2', '3', '4']) {
      const artifact = await worker.submit({ type: 'pruned', name: 'many', version, requires_validation: false })
      await worker.work(artifact)
      versions.push(artifact)
    }
    const states = await Promise.all(versions.map((artifact) => worker.stateOf(artifact)))
    expect(states.map(({ status }) => status)).toEqual(['archived', 'archived', 'published', 'published'])
    expect(states[0]?.events.map(({ event_type }) => event_type)).toEqual(['published', 'archived'])
    const all = states.flatMap(({ events }) => events.map(({ sequence }) => sequence)).toSorted((a, b) => a - b)
    expect(all).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('moves to the history all that a limit leaves no room for, also where it is new to a name of many versions', async () => {
    const name = 'had-no-limit'
    await worker.database.admin.begin(async (sql) => {
      await sql`set local session_replication_role = replica` // how they were published is not what is looked at
      await sql`insert into artifact_names (group_id, type, name, versioning) values ('acme', 'pruned', ${name}, 'integer')`
      await sql`
        insert into artifact_active (id, group_id, type, name, version, status, usage_policy, created_by, content_kind,
                                     content_type, content_size, content_hash, content, published_at)
        select gen_random_uuid(), 'acme', 'pruned', ${name}, version, 'published', 'internal_only', 'alice', 'text',
               'text/plain', 1, encode(sha256('x'), 'hex'), 'x', now() - interval '1 day'
          from generate_series(1, 250) version`
      await sql`
        insert into artifact_versions (group_id, type, name, version, artifact_id, created_by, content_hash, status, usage_policy, submitted)
        select group_id, type, name, version, id, created_by, content_hash, status, usage_policy, true
          from artifact_active where name = ${name}`
    })
    const artifact = await worker.submit({ type: 'pruned', name, version: '251', requires_validation: false })
    expect(await worker.work(artifact)).toBe('settled')
    const published = await worker.database.admin<{ version: string }[]>`
      select version from artifact_active where name = ${name} order by version_sort`
    expect(published.map(({ version }) => version)).toEqual(['250', '251'])
    const [told] = await worker.database.admin<{ events: number; first: number; last: number }[]>`
      select count(distinct sequence)::int as events, min(sequence)::int as first, max(sequence)::int as last
        from artifact_events where name = ${name}`
    expect(told).toEqual({ events: 250, first: 1, last: 250 })
  })

  it('expires to blocked when its attempts are used up, and says why', async () => {
    peer.behave(json(500, {}))
    const artifact = await worker.submit({ type: 'brief' })
    expect(await worker.work(artifact)).toBe('scheduled')
    await worker.work(artifact)
    expect(await worker.stateOf(artifact)).toMatchObject({
      status: 'blocked',
      run: { state: 'expired', attempts: 2, reason: 'validator_unavailable' },
      tries: [{ outcome: 'error' }, { outcome: 'error' }],
      events: [{ event_type: 'blocked', event_data: { reason: 'validator_unavailable' } }],
    })
    const line = worker.logged
      .map((text) => JSON.parse(text))
      .find(({ run_id, outcome }) => run_id === artifact.run_id && outcome === 'expired')
    expect(line).toMatchObject({ attempt: 2, reason: expect.stringContaining('500') })
  })

  it('expires when its attempts are used up by a validator that takes it, and loses it each time', async () => {
    const artifact = await worker.submit({ type: 'brief' })
    peer.behave((request, ...rest) =>
      request.method === 'POST'
        ? json(202, {}, { location: '/later' })(request, ...rest)
        : json(404, {})(request, ...rest),
    )
    for (let step = 0; step < 4; step++) await worker.work(artifact)
    expect(await worker.stateOf(artifact)).toMatchObject({
      status: 'blocked',
      run: { state: 'expired', attempts: 2, reason: 'validator_unavailable' },
      message: undefined,
    })
    expect(peer.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'POST', 'GET'])
  })

  it('is held where the type says so', async () => {
    peer.behave(json(500, {}))
    const artifact = await worker.submit({ type: 'held' })
    await worker.work(artifact)
    expect(await worker.stateOf(artifact)).toMatchObject({
      status: 'on_verification',
      run: { state: 'held' },
      events: [{ event_type: 'verification_held' }],
      message: undefined,
    })
    const author = { userId: 'alice', groupId: artifact.group_id, roles: ['author' as const] }
    const asked = { group_id: artifact.group_id, id: artifact.id, withContent: false }
    expect(await worker.api.read(author, (tx) => findById(tx, asked))).toMatchObject([
      { run_state: 'held', tries: [{ outcome: 'error', reason: expect.stringContaining('500') }] },
    ])
    await sampleRuns(worker.ctx)
    expect((await worker.ctx.metrics.heldRuns.get()).values).toContainEqual({ labels: { type: 'held' }, value: 1 })
  })

  it('expires at its deadline', async () => {
    const artifact = await worker.submit({ deadlineMs: -1000 })
    await worker.work(artifact)
    expect(await worker.stateOf(artifact)).toMatchObject({ status: 'blocked', run: { state: 'expired' } })
    expect(peer.requests).toEqual([])
  })

  it.each([2, -2])(
    'has its deadline by the clock of the database, that of its worker being off by %d days',
    async (days) => {
      const [late, timely] = [await worker.submit({ deadlineMs: -1000 }), await worker.submit({ deadlineMs: 60_000 })]
      const answers = [json(500, {}), json(200, { valid: true })]
      worker.pass(days * 86_400_000)
      onTestFinished(() => worker.pass(-days * 86_400_000))
      await worker.work(late)
      for (const answer of answers) {
        peer.behave(answer)
        await worker.work(timely)
      }
      expect(await worker.stateOf(late)).toMatchObject({ status: 'blocked', run: { state: 'expired' } })
      expect(await worker.stateOf(timely)).toMatchObject({ status: 'published', run: { state: 'passed' } })
    },
  )

  it('follows a 202 to its verdict without using another attempt', async () => {
    peer.behave(json(202, {}, { location: '/later/1', 'retry-after': '3' }))
    const artifact = await worker.submit()
    await worker.work(artifact)
    const waiting = await worker.stateOf(artifact)
    expect(waiting).toMatchObject({ run: { state: 'running', attempts: 1, poll_url: `${peer.url}/later/1` } })
    expect(waiting.message?.due_in_ms).toBeGreaterThan(1500)
    peer.behave(json(202, {}))
    await worker.work(artifact)
    peer.behave(json(200, { valid: true }))
    await worker.work(artifact)
    expect(await worker.stateOf(artifact)).toMatchObject({ status: 'published', run: { state: 'passed', attempts: 1 } })
    expect(peer.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /check',
      'GET /later/1',
      'GET /later/1',
    ])
  })
})
