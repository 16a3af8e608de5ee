import { findDeliveriesReach } from '@keepr/db/deliveries/find-deliveries-reach'
import { listDeliveries as listRows } from '@keepr/db/deliveries/list-deliveries'
import { DELIVERY_STATES } from '@keepr/shared/domain/webhooks'
import * as v from 'valibot'
import { send } from '../../http/answer.ts'
import { revalidated } from '../../http/cache-headers.ts'
import { readCursor, writeCursor } from '../../http/cursor.ts'
import { Cursor, PageLimit } from '../../http/page-limit.ts'
import { requireGroupRight } from '../../http/require-group-right.ts'
import { route } from '../../http/route.ts'
import { viewDelivery } from '../../views/delivery.ts'
import { Delivery, deliveryExample } from './delivery.ts'

const Query = v.strictObject({
  status: v.pipe(
    v.optional(v.picklist(DELIVERY_STATES, `must be one of ${DELIVERY_STATES.join(', ')}`)),
    v.description('Only in this state.'),
  ),
  subscriber: v.pipe(
    v.optional(v.pipe(v.string(), v.maxLength(128, 'is not a subscriber'))),
    v.description('Only to the subscriber of this name.'),
  ),
  event: v.pipe(
    v.optional(v.pipe(v.string(), v.uuid('is not an id'))),
    v.description('Only of the event with this id.'),
  ),
  limit: PageLimit,
  cursor: Cursor,
})

/** What became of the group's events on their way to subscribers. */
export const listDeliveries = route(
  {
    operationId: 'listDeliveries',
    method: 'get',
    path: '/webhooks/deliveries',
    summary: "Deliveries of the group's events",
    tag: 'webhooks',
    query: Query,
    answers: {
      200: {
        description: 'One page, newest first; with `status` it may be short, or empty, before the end',
        schema: v.object({ items: v.array(Delivery), next_cursor: v.nullable(v.string()) }),
        example: { items: [deliveryExample], next_cursor: null },
      },
    },
    problems: ['forbidden'],
  },
  async (c, { query }) => {
    const actor = c.get('actor')
    requireGroupRight(c, 'list_deliveries')
    const { limit, cursor, ...filters } = query
    const question = JSON.stringify(['deliveries', actor.groupId, filters])
    const after = cursor === undefined ? undefined : readCursor(cursor, { question, key: ['time', 'id'] })
    const asked = { ...filters, group_id: actor.groupId, limit: limit + 1, after }
    const { readDb } = c.get('ctx')
    const rows = await readDb.read(actor, (tx) => listRows(tx, asked))
    const [reach] = rows.length > limit ? [] : await readDb.read(actor, (tx) => findDeliveriesReach(tx, asked))
    const last = rows.length > limit ? rows[limit - 1] : reach
    const next_cursor = last ? writeCursor([last.created_at, last.id], question) : null
    const items = rows.slice(0, limit).map(viewDelivery)
    return send(c, { status: 200, body: { items, next_cursor }, headers: revalidated })
  },
)
