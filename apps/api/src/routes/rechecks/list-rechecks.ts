import { listRechecks as list } from '@keepr/db/rechecks/list-rechecks'
import * as v from 'valibot'
import { send } from '../../http/answer.ts'
import { requireGroupRight } from '../../http/require-group-right.ts'
import { route } from '../../http/route.ts'
import { viewRecheck } from '../../views/recheck.ts'
import { RecheckAnswer, recheckExample } from './recheck-answer.ts'

const MOST = 100

/** Re-validations with their progress, those under way first. */
export const listRechecks = route(
  {
    operationId: 'listRechecks',
    method: 'get',
    path: '/rechecks',
    summary: 'Re-validations and how far they are',
    tag: 'operations',
    answers: {
      200: {
        description: 'Those under way, then the latest',
        schema: v.object({ items: v.array(RecheckAnswer) }),
        example: { items: [recheckExample] },
      },
    },
    problems: ['forbidden'],
  },
  async (c) => {
    requireGroupRight(c, 'recheck')
    const rows = await c.get('ctx').db.withActor(c.get('actor'), (tx) => list(tx, MOST))
    return send(c, { status: 200, body: { items: rows.map(viewRecheck) } })
  },
)
