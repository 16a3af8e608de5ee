import type postgres from 'postgres'
import { LARGEST_PAGE_BYTES } from './longest-page.ts'
import type { Tx } from './transaction.ts'

type Fragment = postgres.PendingQuery<postgres.Row[]>

/** A row of a page, or one that tells no more than that there is another page: the page is large enough without it. */
export type PageRow<Row> = Row & { beyond: boolean }

/** Of rows in their order those that a page has room for, and one more; the first one always. `bytes` is about what a row tells. */
export const pageRows = <Row extends object>(
  tx: Tx,
  rows: Fragment,
  { columns, bytes }: { columns: Fragment; bytes: Fragment },
): postgres.PendingQuery<PageRow<Row>[]> => tx<PageRow<Row>[]>`
  select ${columns}, bytes_so_far > ${LARGEST_PAGE_BYTES} and bytes_so_far > bytes as beyond
    from (select *, sum(bytes) over (rows unbounded preceding) as bytes_so_far
            from (select *, ${bytes} as bytes from (${rows}) unsized offset 0) sized) page
   where bytes_so_far - bytes <= ${LARGEST_PAGE_BYTES}`
