import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from './start-api.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

describe('re-validation of a type', () => {
  it('is begun, watched, paused and resumed by an operator, once at a time', async () => {
    const olga = await api.as('ops', 'olga', 'operator')
    const begun = await olga.send('POST', '/rechecks', { type: 'checked', simulate: true })
    expect(begun.status).toBe(202)
    const recheck = (await begun.json()) as { id: string }
    expect(recheck).toMatchObject({ type: 'checked', simulate: true, state: 'running', requested_by: 'olga' })
    expect((await olga.send('POST', '/rechecks', { type: 'checked' })).status).toBe(409)

    expect(await (await olga.send('POST', `/rechecks/${recheck.id}/pause`)).json()).toMatchObject({ state: 'paused' })
    expect(await (await olga.send('POST', `/rechecks/${recheck.id}/resume`, {})).json()).toMatchObject({
      state: 'running',
    })
    expect(await (await olga.get('/rechecks')).json()).toMatchObject({
      items: [{ id: recheck.id, progress: { total: 0 } }],
    })
    await api.database.admin`update rechecks set state = 'done', finished_at = now() where id = ${recheck.id}`
    const late = await olga.send('POST', `/rechecks/${recheck.id}/pause`)
    expect(await late.json()).toMatchObject({ status: 409, type: 'urn:keepr:problem:recheck-done' })
    expect((await olga.send('POST', `/rechecks/${randomUUIDv7()}/pause`)).status).toBe(404)
  })

  it('is listed in pages, what is under way first', async () => {
    const olga = await api.as('ops', 'olga', 'operator')
    await api.database.admin`
      insert into rechecks (id, artifact_type, simulate, state, requested_by, created_at)
      select gen_random_uuid(), 'type-' || n, true, case when n in (2, 4) then 'paused' else 'done' end, 'olga',
             timestamptz '2020-01-01' + n * interval '1 day'
        from generate_series(1, 5) n`
    const listed: string[] = []
    let path: string | null = '/rechecks?limit=2'
    while (path) {
      const answer = await olga.get(path)
      expect(answer.headers.get('cache-control')).toBe('private, no-cache')
      const page = (await answer.json()) as { items: { type: string }[]; next_cursor: string | null }
      listed.push(...page.items.map(({ type }) => type).filter((type) => type.startsWith('type-')))
      path = page.next_cursor && `/rechecks?limit=2&cursor=${page.next_cursor}`
    }
    expect(listed).toEqual(['type-4', 'type-2', 'type-5', 'type-3', 'type-1'])
    expect((await olga.get('/rechecks?cursor=other')).status).toBe(422)
  })

  it.each([
    [{ type: 'nothing' }, '/type'],
    [{ type: 'prompt' }, '/type'],
    [{ type: 'checked', more: 1 }, '/more'],
    [{}, '/type'],
  ])('refuses %j', async (body, pointer) => {
    const olga = await api.as('ops', 'olga', 'operator')
    const answer = await olga.send('POST', '/rechecks', body)
    expect(answer.status).toBe(422)
    expect(await answer.json()).toMatchObject({ errors: [{ pointer }] })
  })

  it('says in words of its own what is wrong', async () => {
    const olga = await api.as('ops', 'olga', 'operator')
    const answer = await olga.send('POST', '/rechecks', { type: 5, simulate: 'yes' })
    expect(await answer.json()).toMatchObject({
      errors: [
        { pointer: '/type', detail: 'must be a string' },
        { pointer: '/simulate', detail: 'must be true or false' },
      ],
    })
  })

  it('is for operators only, also not for admins', async () => {
    for (const role of ['consumer', 'author', 'admin']) {
      const caller = await api.as('acme', 'ada', role)
      expect((await caller.get('/rechecks')).status).toBe(403)
      expect((await caller.send('POST', '/rechecks', { type: 'checked' })).status).toBe(403)
      expect((await caller.send('POST', `/rechecks/${randomUUIDv7()}/pause`)).status).toBe(403)
    }
    expect((await api.bearer(undefined).get('/rechecks')).status).toBe(401)
  })

  it('is not found when there is none', async () => {
    const olga = await api.as('ops', 'olga', 'operator')
    expect((await olga.send('POST', `/rechecks/${randomUUIDv7()}/resume`)).status).toBe(404)
    expect((await olga.send('POST', '/rechecks/not-an-id/resume')).status).toBe(404)
  })
})
