import { LONGEST_PAGE } from '@keepr/db/longest-page'
import type { PageRow } from '@keepr/db/page-rows'
import { cutPage } from './cut-page.ts'

type Pages<Row> = {
  /** How many items are asked for; all when undefined. */
  limit: number | undefined
  /** The key of the item that the page before ended with. */
  after: string | undefined
  read: (after: string | undefined, limit: number) => Promise<PageRow<Row>[]>
  keyOf: (row: Row) => string
  /** An item as JSON, or undefined for what is not to be told. */
  show: (row: Row) => string | undefined
}

/**
 * One page, or all there is, which is read in pages too: so that a long answer holds nobody up and is no more in memory than
 * its text. `next` is the key to go on behind, undefined at the end.
 */
export async function readPages<Row>({
  limit,
  after,
  read,
  keyOf,
  show,
}: Pages<Row>): Promise<{ items: string[]; next: string | undefined }> {
  const size = limit ?? LONGEST_PAGE
  const items: string[] = []
  for (let next = after; ;) {
    const rows = await read(next, size + 1)
    const { page, isLast } = cutPage(rows, size)
    items.push(...page.map(show).filter((item) => item !== undefined))
    const last = page.at(-1)
    next = !isLast && last ? keyOf(last) : undefined
    if (limit !== undefined || next === undefined) return { items, next }
  }
}
