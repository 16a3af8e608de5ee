import { updateRecheckState } from '@keepr/db/rechecks/update-recheck-state'
import { problem } from '@keepr/shared/problem'
import * as v from 'valibot'
import { requireGroupRight } from '../../http/require-group-right.ts'
import { param, route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { viewRecheck } from '../../views/recheck.ts'
import { RecheckAnswer, recheckExample } from './recheck-answer.ts'

const Id = v.pipe(v.string(), v.uuid())

/** Resumes a re-validation that is not done yet. */
export const resumeRecheck = route(
  {
    operationId: 'resumeRecheck',
    method: 'post',
    path: '/rechecks/:id/resume',
    summary: 'Resume a re-validation',
    tag: 'operations',
    body: v.strictObject({}),
    bodyExample: {},
    bodyOptional: true,
    answers: {
      200: {
        description: 'It goes on where it stopped',
        schema: RecheckAnswer,
        example: { ...recheckExample, state: 'running' },
      },
    },
    problems: ['forbidden', 'not-found'],
  },
  (c) => {
    requireGroupRight(c, 'recheck')
    const id = param(c, 'id')
    if (!v.is(Id, id)) throw problem('not-found')
    return transact(c, async (tx) => {
      const recheck = await updateRecheckState(tx, id, 'running')
      if (recheck === undefined) throw problem('not-found')
      return { status: 200, body: viewRecheck(recheck) }
    })
  },
)
