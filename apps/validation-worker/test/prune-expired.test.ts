import { randomUUIDv7 } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { bringForwardRuns } from '@keepr/db/outbox/bring-forward-runs'
import { pruneExpired } from '../src/jobs/prune-expired.ts'
import { json } from './support/http-peer.ts'
import { setUp } from './support/set-up.ts'

const { worker, peer } = await setUp()
worker.configure({ checked: { requires_validation: true, validator: { url: peer.url } } })

describe('pruning', () => {
  it('removes what is older than its retention, and leaves open runs their tries', async () => {
    const { admin } = worker.database
    const settled = await worker.submit()
    await worker.work(settled)
    peer.behave(json(503, {}))
    const open = await worker.submit()
    await worker.work(open)
    for (const hours of [1, 48]) {
      await admin`
        insert into idempotency_keys (group_id, user_id, route, key, request_hash, answer_status, answer_headers, answer_body, created_at)
        values ('acme', 'alice', 'r', ${`key-${hours}`}, 'h', 202, '{}', '', now() - make_interval(hours => ${hours}))`
      await admin`
        insert into cleanup_plans (id, group_id, created_by, created_at, items)
        values (${randomUUIDv7()}, 'acme', 'alice', now() - make_interval(hours => ${hours}), '[]')`
    }
    await pruneExpired(worker.ctx)
    expect(await admin`select key from idempotency_keys`).toEqual([{ key: 'key-1' }])
    expect(await admin`select from cleanup_plans`).toHaveLength(1)
    expect((await worker.stateOf(settled)).tries).toEqual([])
    expect((await worker.stateOf(open)).tries).toHaveLength(1)
  })
})

describe('when a validator answers again', () => {
  it('brings its waiting runs forward, but not those that it asked to wait', async () => {
    peer.behave(json(503, {}))
    const waiting = await worker.submit()
    await worker.work(waiting)
    await worker.database.admin`update outbox set due_at = now() + interval '5 min' where refs[1] = ${waiting.run_id}`
    peer.behave(json(503, {}, { 'retry-after': '300' }))
    const told = await worker.submit()
    await worker.work(told)
    await worker.ctx.db.withService(null, (tx) => bringForwardRuns(tx, 'checked', 1000, 100))
    expect((await worker.stateOf(waiting)).message?.due_in_ms).toBeLessThan(1001)
    expect((await worker.stateOf(told)).message?.due_in_ms).toBeGreaterThan(200_000)
  })
})
