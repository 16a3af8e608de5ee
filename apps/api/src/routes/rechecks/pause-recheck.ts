import { updateRecheckState } from '@keepr/db/rechecks/update-recheck-state'
import { problem } from '@keepr/shared/problem'
import * as v from 'valibot'
import { requireGroupRight } from '../../http/require-group-right.ts'
import { param, route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { viewRecheck } from '../../views/recheck.ts'
import { RecheckAnswer, recheckExample } from './recheck-answer.ts'

const Id = v.pipe(v.string(), v.uuid())

/** Pauses a re-validation that is not done yet. */
export const pauseRecheck = route(
  {
    operationId: 'pauseRecheck',
    method: 'post',
    path: '/rechecks/:id/pause',
    summary: 'Pause a re-validation',
    tag: 'operations',
    body: v.strictObject({}),
    bodyExample: {},
    bodyOptional: true,
    answers: {
      200: {
        description: 'Runs that are open are judged; no new ones begin',
        schema: RecheckAnswer,
        example: { ...recheckExample, state: 'paused' },
      },
    },
    problems: ['forbidden', 'not-found'],
  },
  (c) => {
    requireGroupRight(c, 'recheck')
    const id = param(c, 'id')
    if (!v.is(Id, id)) throw problem('not-found')
    return transact(c, async (tx) => {
      const recheck = await updateRecheckState(tx, id, 'paused')
      if (recheck === undefined) throw problem('not-found')
      return { status: 200, body: viewRecheck(recheck) }
    })
  },
)
