import type { Call } from './api.ts'
import { revalidated } from './cache-headers.ts'
import { queryOf } from './query.ts'
import { respond } from './respond.ts'

/** Sends a page of items that are JSON already, with the way to the next one: `next_cursor`, and a Link (RFC 8288). */
export function sendPage(c: Call, items: readonly string[], next_cursor: string | null): Response {
  return respond(c, `{"items":[${items.join(',')}],"next_cursor":${JSON.stringify(next_cursor)}}`, 200, {
    'content-type': 'application/json',
    ...revalidated,
    ...(next_cursor === null ? {} : { link: nextLink(c, next_cursor) }),
  })
}

/** The same question for the next page, relative to where the caller reached us. */
function nextLink(c: Call, cursor: string): string {
  const asked = queryOf(c.req.url)
  asked.set('cursor', cursor)
  return `<${c.req.path}?${asked.toString()}>; rel="next"`
}
