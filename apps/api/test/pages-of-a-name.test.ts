import { LONGEST_PAGE } from '@keepr/db/longest-page'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, startApi, type TestApi } from './start-api.ts'

let api: TestApi
let alice: Caller
beforeAll(async () => {
  api = await startApi()
  alice = await api.as('acme', 'alice')
})
afterAll(() => api[Symbol.asyncDispose]())

type Page = { items: Record<string, unknown>[]; next_cursor: string | null }
const pageAt = async (path: string, who = alice) => (await (await who.get(path)).json()) as Page

/** The pages from this one on, each reached by the Link of the one before. */
async function pagesFrom(path: string): Promise<Page['items'][]> {
  const pages: Page['items'][] = []
  for (let next: string | undefined = path; next !== undefined;) {
    const res = await alice.get(next)
    pages.push(((await res.json()) as Page).items)
    next = /^<([^>]+)>; rel="next"$/u.exec(res.headers.get('link') ?? '')?.[1]
  }
  return pages
}

test('the versions of a name come in pages where a limit is given, as they come at once', async () => {
  const versions = ['1.0.0', '1.1.0-rc.1', '1.1.0', '1.2.0', '1.3.0-beta', '2.0.0']
  for (const version of versions) await alice.submit({ name: 'paged', type: 'prompt', version, content: version })
  await api.settleAll()
  for (const version of ['1.0.0', '1.1.0-rc.1', '1.2.0'])
    await alice.send('POST', `/artifacts/paged/${version}/archive`)
  const { items, next_cursor } = await pageAt('/artifacts/paged/versions')
  expect(items.map(({ version }) => version)).toEqual(versions.toReversed())
  expect(next_cursor).toBeNull()
  for (const limit of [1, 2, 6, 7]) {
    const pages = await pagesFrom(`/artifacts/paged/versions?limit=${limit}`)
    expect(pages.flat()).toEqual(items)
    expect(pages).toHaveLength(Math.ceil(versions.length / limit))
  }
})

test('however many versions a name has, all are told, and none twice', async () => {
  const count = 2 * LONGEST_PAGE + 1
  await Promise.all(
    Array.from({ length: count }, (_, n) =>
      alice.submit({ name: 'much-used', type: 'numbered', version: n + 1, content: n, draft: true }),
    ),
  )
  const { items, next_cursor } = await pageAt('/artifacts/much-used/versions')
  expect(items.map(({ version }) => version)).toEqual(Array.from({ length: count }, (_, n) => String(count - n)))
  expect(next_cursor).toBeNull()
})

test('the versions that another group offers come in pages too', async () => {
  const bob = await api.as('umbrella', 'bob')
  for (const version of [1, 2, 3])
    await alice.submit({ name: 'offered', type: 'numbered', version, content: version, usage_policy: 'public' })
  await alice.submit({ name: 'offered', type: 'numbered', version: 4, content: 4 })
  await api.settleAll()
  const first = await pageAt('/artifacts/offered/versions?limit=2', bob)
  const second = await pageAt(`/artifacts/offered/versions?limit=2&cursor=${String(first.next_cursor)}`, bob)
  expect([...first.items, ...second.items].map(({ version }) => version)).toEqual(['3', '2', '1'])
})

test('the events of a version come in pages where a limit is given, as they come at once', async () => {
  await alice.submit({ name: 'eventful', type: 'numbered', version: 1, content: 1 })
  await api.settleAll()
  for (const tags of [['a'], ['b'], ['c']])
    await alice.send('PATCH', '/artifacts/eventful/1/meta', { metadata: { tags } })
  const { items } = await pageAt('/artifacts/eventful/1/events')
  expect(items.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5])
  for (const limit of [1, 4, 5])
    expect((await pagesFrom(`/artifacts/eventful/1/events?limit=${limit}`)).flat()).toEqual(items)
})

test('a cursor is of one list and no other', async () => {
  for (const name of ['one', 'other'])
    for (const version of [1, 2]) await alice.submit({ name, type: 'numbered', version, content: name, draft: true })
  const { next_cursor } = await pageAt('/artifacts/one/versions?limit=1')
  const refused = await alice.get(`/artifacts/other/versions?limit=1&cursor=${String(next_cursor)}`)
  expect(refused.status).toBe(422)
  expect(await refused.json()).toMatchObject({
    errors: [{ parameter: 'cursor', detail: 'is not a cursor of this list' }],
  })
  expect((await alice.get('/artifacts/one/versions?limit=0')).status).toBe(422)
})
