import { listOperationalEvents as listRows } from '@keepr/db/operational-events/list-operational-events'
import { OPERATIONAL_EVENT_TYPES } from '@keepr/shared/domain/events'
import * as v from 'valibot'
import { send } from '../../http/answer.ts'
import { revalidated } from '../../http/cache-headers.ts'
import { readCursor, writeCursor } from '../../http/cursor.ts'
import { Cursor, PageLimit } from '../../http/page-limit.ts'
import { requireGroupRight } from '../../http/require-group-right.ts'
import { route } from '../../http/route.ts'

const Query = v.strictObject({
  subject: v.pipe(
    v.optional(v.pipe(v.string(), v.maxLength(128, 'is not a subject'))),
    v.description('Only of this subject, such as the name of a subscriber.'),
  ),
  type: v.pipe(
    v.optional(v.picklist(OPERATIONAL_EVENT_TYPES, 'is not a type of operational events')),
    v.description('Only of this type.'),
  ),
  limit: PageLimit,
  cursor: Cursor,
})
const OperationalEvent = v.object({
  id: v.string(),
  event_type: v.picklist(OPERATIONAL_EVENT_TYPES),
  subject: v.string(),
  actor: v.string(),
  event_data: v.record(v.string(), v.unknown()),
  created_at: v.pipe(v.string(), v.metadata({ format: 'date-time' })),
})
const example = {
  id: '019ab1de-7c00-7000-8000-000000000004',
  event_type: 'subscriber_paused',
  subject: 'deployments',
  actor: 'system:webhook-worker',
  event_data: { reason: 'it answered 503' },
  created_at: '2026-11-24T08:00:00.000000Z',
}

/** What happened to the installation and to no artifact: what became of subscribers, and which operator did what. */
export const listOperationalEvents = route(
  {
    operationId: 'listOperationalEvents',
    method: 'get',
    path: '/operations/events',
    summary: 'What operators must know of',
    tag: 'operations',
    query: Query,
    answers: {
      200: {
        description: 'One page, newest first',
        schema: v.object({ items: v.array(OperationalEvent), next_cursor: v.nullable(v.string()) }),
        example: { items: [example], next_cursor: null },
      },
    },
    problems: ['forbidden'],
  },
  async (c, { query }) => {
    requireGroupRight(c, 'manage_subscribers')
    const { limit, cursor, subject, type } = query
    const question = JSON.stringify(['operational events', subject, type])
    const after = cursor === undefined ? undefined : readCursor(cursor, { question, key: ['time', 'id'] })
    const asked = { subject, types: type === undefined ? undefined : [type], limit: limit + 1, after }
    const rows = await c.get('ctx').readDb.read(c.get('actor'), (tx) => listRows(tx, asked))
    const last = rows.length > limit ? rows[limit - 1] : undefined
    const next_cursor = last ? writeCursor([last.created_at, last.id], question) : null
    return send(c, { status: 200, body: { items: rows.slice(0, limit), next_cursor }, headers: revalidated })
  },
)
