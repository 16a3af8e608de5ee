import type { PageRow } from '@keepr/db/page-rows'

/** What a page shows of the rows that were read for it, and whether there is another one. */
export function cutPage<Row>(rows: readonly PageRow<Row>[], limit: number): { page: PageRow<Row>[]; isLast: boolean } {
  const page = rows.slice(0, limit).filter(({ beyond }) => !beyond)
  return { page, isLast: page.length === rows.length }
}
