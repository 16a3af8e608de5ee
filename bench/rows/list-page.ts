import type { Line } from '../report/line.ts'
import type { Bench } from '../stage/bench.ts'
import type { Product } from '../stage/product.ts'
import { alternate } from './alternate.ts'
import { ratioLine } from './line-of.ts'
import type { Row } from './row.ts'
import { warmUp } from './warm-up.ts'

const QUERIES = {
  list: '/artifacts/?limit=50',
  'list-filters': '/artifacts/?type=prompt&status=published&category=category-7&limit=50',
  'list-tag': '/artifacts/?tag=rare-4321&limit=50',
}

export const listPage: Row = {
  id: 'list',
  about: 'GET /artifacts/?…: a page of 50 of a million, with filters; the 1,000th page',
  async run(bench) {
    const product = await bench.large()
    await bench.apiAlone(product)
    const lines: Line[] = []
    for (const [id, query] of Object.entries(QUERIES)) lines.push(await firstPage(bench, product, id, query))
    return [...lines, await thousandth(bench, product)]
  },
}

/** Of so many questions no two are the same, as those that are the same at once are asked of the database once. */
const DIFFERENT = 1000

async function firstPage(bench: Bench, product: Product, id: string, path: string): Promise<Line> {
  const floor = await bench.floorOf(product)
  const since = (index: number) => new Date(Date.UTC(2000, 0, 1) + index).toISOString()
  const paths = Array.from({ length: DIFFERENT }, (_, index) => `${path}&created_after=${since(index)}`)
  const requests = { kind: 'get', paths } as const
  const sides = {
    keepr: () => bench.load({ url: product.url, headers: product.headers, requests }),
    floor: () => bench.load({ url: floor.url, requests }),
  }
  await warmUp(sides)
  const measured = await alternate(bench, sides)
  return ratioLine({ id, what: path.replace('/artifacts/', ''), unit: '/s' }, measured, { atLeast: 0.7 })
}

/** The first page is the floor of the thousandth. */
async function thousandth(bench: Bench, product: Product): Promise<Line> {
  const path = '/artifacts/?limit=50'
  const deep = `${path}&cursor=${await cursorAfter(product, 50 * 999)}`
  const rate = (asked: string) => () =>
    bench.load({ url: product.url, headers: product.headers, requests: { kind: 'get', paths: [asked] } })
  const measured = await alternate(bench, { keepr: rate(deep), floor: rate(path) })
  return ratioLine({ id: 'list-1000th', what: 'the 1,000th page beside the first', unit: '/s' }, measured, {
    atLeast: 0.9,
  })
}

/** Cursors do not depend on the limit, so the way there is walked in the largest steps. */
async function cursorAfter({ url, headers }: Product, items: number): Promise<string> {
  let cursor = ''
  for (let left = items; left > 0;) {
    const limit = Math.min(left, 200)
    const answer = await fetch(`${url}/artifacts/?limit=${limit}${cursor && `&cursor=${cursor}`}`, { headers })
    // SAFETY: the API's own page; without a cursor the walk stops below.
    const page = (await answer.json()) as { next_cursor: string | null }
    if (!page.next_cursor) throw new Error(`the list ended ${left} items before the 1,000th page (${answer.status})`)
    cursor = page.next_cursor
    left -= limit
  }
  return cursor
}
