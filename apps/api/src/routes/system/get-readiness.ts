import * as v from 'valibot'
import { send } from '../../http/answer.ts'
import { route } from '../../http/route.ts'

/** Ready: the database answers. A queue that is down delays verdicts and stops no request. */
export const getReadiness = route(
  {
    operationId: 'getReadiness',
    method: 'get',
    path: '/readyz',
    summary: 'Readiness',
    tag: 'system',
    open: true,
    answers: {
      200: {
        description: 'Ready, or degraded while the queue is down',
        schema: v.object({ status: v.picklist(['ready', 'degraded']) }),
        example: { status: 'ready' },
      },
    },
    problems: ['database-unavailable'],
  },
  async (c) => {
    const { db, queueIsUp } = c.get('ctx')
    await db.ping()
    return send(c, { status: 200, body: { status: queueIsUp() ? 'ready' : 'degraded' } })
  },
)
