import { listRechecks as list } from '@keepr/db/rechecks/list-rechecks'
import * as v from 'valibot'
import { send } from '../../http/answer.ts'
import { revalidated } from '../../http/cache-headers.ts'
import { readCursor, writeCursor } from '../../http/cursor.ts'
import { Cursor, PageLimit } from '../../http/page-limit.ts'
import { requireGroupRight } from '../../http/require-group-right.ts'
import { route } from '../../http/route.ts'
import { viewRecheck } from '../../views/recheck.ts'
import { RecheckAnswer, recheckExample } from './recheck-answer.ts'

const question = 'rechecks'

/** Re-validations with their progress, those under way first. */
export const listRechecks = route(
  {
    operationId: 'listRechecks',
    method: 'get',
    path: '/rechecks',
    summary: 'Re-validations and how far they are',
    tag: 'operations',
    query: v.strictObject({ limit: PageLimit, cursor: Cursor }),
    answers: {
      200: {
        description: 'One page: those under way, then those that are done, newest first',
        schema: v.object({ items: v.array(RecheckAnswer), next_cursor: v.nullable(v.string()) }),
        example: { items: [recheckExample], next_cursor: null },
      },
    },
    problems: ['forbidden'],
  },
  async (c, { query: { limit, cursor } }) => {
    requireGroupRight(c, 'recheck')
    const after = cursor === undefined ? undefined : placeIn(cursor)
    const asked = { limit: limit + 1, after }
    const rows = await c.get('ctx').db.withActor(c.get('actor'), (tx) => list(tx, asked))
    const last = rows.length > limit ? rows[limit - 1] : undefined
    const next_cursor = last ? writeCursor([String(last.state === 'done'), last.created_at, last.id], question) : null
    const items = rows.slice(0, limit).map(viewRecheck)
    return send(c, { status: 200, body: { items, next_cursor }, headers: revalidated })
  },
)

function placeIn(cursor: string) {
  const [isDone = '', createdAt = '', id = ''] = readCursor(cursor, { question, key: ['text', 'time', 'id'] })
  return [isDone === 'true', createdAt, id] as const
}
