import { isRecheckDone } from '@keepr/db/rechecks/is-recheck-done'
import { updateRecheckState } from '@keepr/db/rechecks/update-recheck-state'
import { problem } from '@keepr/shared/problem'
import { EmptyBody } from '../../http/empty-body.ts'
import { requireGroupRight } from '../../http/require-group-right.ts'
import { idParam, route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { viewRecheck } from '../../views/recheck.ts'
import { RecheckAnswer, recheckExample } from './recheck-answer.ts'

type Move = {
  operationId: string
  /** The last segment of the path. */
  verb: string
  summary: string
  state: 'paused' | 'running'
  description: string
}

/** A write that needs to be told nothing: it pauses or resumes a re-validation that is not done yet. */
export const recheckMove = ({ operationId, verb, summary, state, description }: Move) =>
  route(
    {
      operationId,
      method: 'post',
      path: `/rechecks/:id/${verb}`,
      summary,
      tag: 'operations',
      body: EmptyBody,
      bodyExample: {},
      bodyOptional: true,
      answers: { 200: { description, schema: RecheckAnswer, example: { ...recheckExample, state } } },
      problems: ['forbidden', 'not-found', 'recheck-done'],
    },
    (c) => {
      requireGroupRight(c, 'recheck')
      const id = idParam(c)
      return transact(c, async (tx) => {
        const recheck = await updateRecheckState(tx, id, state)
        if (recheck === undefined) throw problem((await isRecheckDone(tx, id)) ? 'recheck-done' : 'not-found')
        return { status: 200, body: viewRecheck(recheck) }
      })
    },
  )
