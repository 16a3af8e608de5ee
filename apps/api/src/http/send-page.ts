import type { Call } from './api.ts'
import { revalidated } from './cache-headers.ts'
import { inTurn } from './in-turn.ts'
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

type Page = { items: readonly string[]; next: string | undefined }

/** Sends all that there is, page after page as the caller takes them: no more than one is in memory. */
export async function sendAll(c: Call, first: Page, read: (after: string) => Promise<Page>): Promise<Response> {
  if (first.next === undefined) return sendPage(c, first.items, null)
  const encoder = new TextEncoder()
  async function* texts() {
    let before = '{"items":['
    for (let page = first; ;) {
      if (page.items.length > 0) {
        yield encoder.encode(before + page.items.join(','))
        before = ','
      }
      const { next } = page
      if (next === undefined) break
      page = await inTurn(c, () => read(next))
    }
    yield encoder.encode(`${before === ',' ? '' : before}],"next_cursor":null}`)
  }
  async function* untilBroken() {
    try {
      yield* texts()
    } catch (error) {
      c.get('ctx').log.warn({ err: error, request_id: c.get('requestId') }, 'a long answer broke off')
      c.env?.outgoing?.destroy() // or what was sent would look like the end
    }
  }
  return respond(c, ReadableStream.from(untilBroken()), 200, { 'content-type': 'application/json', ...revalidated })
}

/** The same question for the next page, relative to where the caller reached us. */
function nextLink(c: Call, cursor: string): string {
  const asked = queryOf(c.req.url)
  asked.set('cursor', cursor)
  return `<${c.req.path}?${asked.toString()}>; rel="next"`
}
