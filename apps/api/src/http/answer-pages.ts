import { LONGEST_PAGE } from '@keepr/db/longest-page'
import type { PageRow } from '@keepr/db/page-rows'
import type { Call } from './api.ts'
import { readCursor, type SortKey, writeCursor } from './cursor.ts'
import { cutPage } from './cut-page.ts'
import { sendAll, sendPage } from './send-page.ts'

type Pages<Row> = {
  /** How many items are asked for; all when undefined. */
  limit: number | undefined
  /** Where the page before ended. */
  cursor: string | undefined
  /** What the cursor belongs to, and what its key is. */
  question: string
  key: SortKey[number]
  read: (after: string | undefined, limit: number) => Promise<PageRow<Row>[]>
  keyOf: (row: Row) => string
  /** An item as JSON, or undefined for what is not to be told. */
  show: (row: Row) => string | undefined
}

/** Answers with one page, or with all there is, which is read in pages too. */
export async function answerPages<Row>(c: Call, pages: Pages<Row>): Promise<Response> {
  const { limit, cursor, question, key, read, keyOf, show } = pages
  let size = limit ?? LONGEST_PAGE
  const readPage = async (after: string | undefined) => {
    const { page, isLast } = cutPage(await read(after, size + 1), size)
    const last = page.at(-1)
    size = Math.min(LONGEST_PAGE, 2 * page.length) // of large items no more are looked at than there is room for
    return {
      items: page.map(show).filter((item) => item !== undefined),
      next: !isLast && last ? keyOf(last) : undefined,
    }
  }
  const first = await readPage(cursor === undefined ? undefined : readCursor(cursor, { question, key: [key] })[0])
  if (limit === undefined) return await sendAll(c, first, readPage)
  return sendPage(c, first.items, first.next === undefined ? null : writeCursor([first.next], question))
}
