import { LONGEST_PAGE } from '@keepr/db/longest-page'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type TestApi } from './start-api.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

type Page = { items: { id: string; name: string }[]; next_cursor: string | null }
const world = fc.record({
  sort: fc.constantFrom('-created_at', 'created_at', 'name'),
  limit: fc.integer({ min: 1, max: 4 }),
  before: fc.uniqueArray(fc.stringMatching(/^[a-e]{1,3}$/u), { minLength: 1, maxLength: 10 }),
  /** What is added after each page, and so before, between and after what was there. */
  added: fc.array(fc.uniqueArray(fc.stringMatching(/^[a-e]{4}$/u), { maxLength: 2 }), { maxLength: 6 }),
})

let groups = 0

test(
  'no page repeats or misses what was there at the start, whatever is added meanwhile',
  { timeout: 120_000 },
  async () => {
    const property = fc.asyncProperty(world, async ({ sort, limit, before, added }) => {
      const alice = await api.as(`pages-${++groups}`, 'alice')
      const add = (name: string) => alice.submit({ name, type: 'numbered', content: 1, draft: true })
      for (const name of before) await add(name)
      const seen: string[] = []
      const keys: string[] = []
      let page = 0
      for (let query: string | undefined = `/artifacts/?sort=${sort}&limit=${limit}`; query !== undefined; page++) {
        const res = await alice.get(query)
        const { items, next_cursor } = (await res.json()) as Page
        seen.push(...items.map(({ id }) => id))
        keys.push(...items.map(({ name }) => name))
        const [, next] = /^<([^>]+)>; rel="next"$/u.exec(res.headers.get('link') ?? '') ?? []
        expect(next === undefined).toBe(next_cursor === null)
        if (next !== undefined) expect(new URL(next, 'http://x').searchParams.get('cursor')).toBe(next_cursor)
        query = next
        for (const name of added[page] ?? []) await add(name)
      }
      expect(new Set(seen).size).toBe(seen.length)
      expect(before.filter((name) => !keys.includes(name))).toEqual([])
      if (sort === 'name') expect(keys).toEqual(keys.toSorted((a, b) => (a < b ? -1 : 1)))
    })
    await fc.assert(property, { numRuns: 12 })
  },
)

test.each(['-created_at', 'created_at', 'name'])(
  'the longest page by %s is full, and tells of the next',
  async (sort) => {
    const alice = await api.as(`longest-${sort}`, 'alice')
    const names = Array.from({ length: LONGEST_PAGE + 1 }, (_, n) => `n${n}`)
    await Promise.all(names.map((name) => alice.submit({ name, type: 'numbered', content: 1, draft: true })))
    const page = (await (await alice.get(`/artifacts/?limit=${LONGEST_PAGE}&sort=${sort}`)).json()) as Page
    expect([page.items.length, page.next_cursor !== null]).toEqual([LONGEST_PAGE, true])
  },
)
