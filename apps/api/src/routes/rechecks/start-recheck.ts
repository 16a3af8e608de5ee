import { insertRecheck } from '@keepr/db/rechecks/insert-recheck'
import { problem } from '@keepr/shared/problem'
import * as v from 'valibot'
import { requireGroupRight } from '../../http/require-group-right.ts'
import { route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { viewRecheck } from '../../views/recheck.ts'
import { RecheckAnswer, recheckExample } from './recheck-answer.ts'

/** Begins to re-validate what is published of a type; the validation worker does it, few at a time. */
export const startRecheck = route(
  {
    operationId: 'startRecheck',
    method: 'post',
    path: '/rechecks',
    summary: 'Validate the published content of a type again',
    tag: 'operations',
    body: v.strictObject(
      {
        type: v.pipe(v.string('must be a string'), v.description('The type; one with validation.')),
        simulate: v.pipe(
          v.optional(v.boolean('must be true or false'), false),
          v.description('Only count what would fail, and change nothing.'),
        ),
      },
      'must be an object',
    ),
    bodyExample: { type: 'python_script', simulate: true },
    answers: { 202: { description: 'It has begun', schema: RecheckAnswer, example: recheckExample } },
    problems: ['forbidden', 'validation-error', 'recheck-running'],
  },
  (c, { body }) => {
    requireGroupRight(c, 'recheck')
    const type = c.get('ctx').types().get(body.type)
    if (type?.validator === undefined || !type.requires_validation) {
      const detail = type === undefined ? 'is not a configured type' : 'is a type without validation'
      throw problem('validation-error', { errors: [{ pointer: '/type', detail }] })
    }
    return transact(c, async (tx) => {
      const begun = await insertRecheck(tx, {
        artifact_type: body.type,
        simulate: body.simulate,
        requested_by: c.get('actor').userId,
      })
      if (begun === undefined) throw problem('recheck-running')
      return { status: 202, body: viewRecheck(begun) }
    })
  },
)
