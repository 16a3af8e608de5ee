import type { FeedEvent } from '@keepr/db/events/list-feed'
import { EVENT_TYPES, type EventType } from '@keepr/shared/domain/events'
import { problem } from '@keepr/shared/problem'
import { WebhookPayload } from '@keepr/shared/schemas/webhook'
import { payloadOf } from '@keepr/shared/webhooks/payload-of'
import * as v from 'valibot'
import { acceptedWeight } from '../../http/accepted-weight.ts'
import { send } from '../../http/answer.ts'
import type { Call } from '../../http/api.ts'
import { revalidated } from '../../http/cache-headers.ts'
import { readCursor, writeCursor } from '../../http/cursor.ts'
import { PageLimit } from '../../http/page-limit.ts'
import { route } from '../../http/route.ts'
import { streamEvents } from '../../http/stream-events.ts'
import { payloadExample } from '../artifacts/example.ts'
import { type Look, lookAtFeed } from './look-at-feed.ts'

const Types = v.pipe(
  v.string(),
  v.rawTransform<string, EventType[]>(({ dataset, addIssue, NEVER }) => {
    const words = dataset.value.split(',')
    const known = words
      .map((word) => EVENT_TYPES.find((type) => type === word || `artifact.${type}` === word))
      .filter((type) => type !== undefined)
    if (known.length === words.length) return known
    addIssue({ message: `must be types of events, separated by commas: ${EVENT_TYPES.join(', ')}` })
    return NEVER
  }),
)
const Query = v.strictObject({
  after: v.pipe(
    v.optional(v.pipe(v.string(), v.maxLength(256, 'is not a cursor of this feed'))),
    v.description('A cursor of this feed: the events after it. From the first event on when left out.'),
  ),
  types: v.pipe(
    v.optional(Types),
    v.description(`Only events of these types, separated by commas: ${EVENT_TYPES.join(', ')}. All when left out.`),
  ),
  limit: PageLimit,
})
const cursorExample = 'WyJzM1VkTTNkVDR6cXI5b0JUT0kxYTJ3IiwiMTc2Mzk3MTIwMDAwMDAwMCJd'
const Page = v.object({
  items: v.array(v.object({ ...WebhookPayload.pipe[0].entries, cursor: v.string() })),
  next_cursor: v.nullable(v.string()),
  last_cursor: v.nullable(v.string()),
})

/** What happened in the group, in an order that never changes afterwards; as a page, or live. */
export const listEvents = route(
  {
    operationId: 'listEvents',
    method: 'get',
    path: '/events',
    summary: "The group's event feed",
    tag: 'events',
    query: Query,
    heeds: ['Last-Event-ID'],
    produces: ['application/json', 'text/event-stream'],
    answers: {
      200: {
        description:
          'The events after the cursor. `last_cursor` is where to go on later, also when the end is reached.',
        schema: Page,
        example: {
          items: [{ ...payloadExample, cursor: cursorExample }],
          next_cursor: null,
          last_cursor: cursorExample,
        },
        orAs: 'text/event-stream',
      },
    },
    problems: ['too-many-streams'],
  },
  async (c, { query }) => {
    const { groupId } = c.get('actor')
    const { limit, types } = query
    const live = wantsStream(c.req.header('accept') ?? '')
    const resumed = live ? c.req.header('last-event-id') : undefined
    const given = resumed ?? query.after
    const from = resumed === undefined ? 'after' : 'Last-Event-ID'
    let after = given === undefined ? 0 : positionOf(given, groupId, from)
    const look = () => lookAtFeed(c, { after, types, limit })
    if (live) {
      return streamEvents(c, async () => {
        const { events, seenTo } = await look()
        after = seenTo
        return events.map((event) => ({
          id: cursorOf(event),
          event: `artifact.${event.event_type}`,
          data: JSON.stringify(payloadOf(event)),
        }))
      })
    }
    return answerPage(c, await look(), given)
  },
)

/** Whoever names it, and wants a page no more. */
const wantsStream = (accept: string): boolean => {
  const weight = acceptedWeight(accept, 'text/event-stream')
  return /text\/event-stream/iu.test(accept) && weight > 0 && weight >= acceptedWeight(accept, 'application/json')
}

function answerPage(c: Call, { events, seenTo, isEnd }: Look, given: string | undefined) {
  const last_cursor = seenTo > 0 ? cursorAt(seenTo, c.get('actor').groupId) : (given ?? null)
  const items = events.map((event) => ({ ...payloadOf(event), cursor: cursorOf(event) }))
  const body = { items, next_cursor: isEnd ? null : last_cursor, last_cursor }
  return send(c, { status: 200, body, headers: revalidated })
}

const question = (groupId: string) => `events of ${groupId}`
const cursorAt = (position: number, groupId: string) => writeCursor([String(position)], question(groupId))
const cursorOf = ({ group_id, position }: FeedEvent) => cursorAt(position, group_id)

function positionOf(cursor: string, groupId: string, parameter: string): number {
  const [position] = readCursor(cursor, { question: question(groupId), key: ['position'], place: parameter })
  if (position === undefined) throw problem('internal-error')
  return Number(position)
}
