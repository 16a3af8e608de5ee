import { discardDraft as discard } from '../../commands/discard-draft.ts'
import { causeOf } from '../../http/cause.ts'
import { lockArtifact } from '../../http/lock-artifact.ts'
import { route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { NameQuery } from './name-query.ts'

/** Deletes a draft; its version can be used again. */
export const discardDraft = route(
  {
    operationId: 'discardDraft',
    method: 'delete',
    path: '/artifacts/:name/:version',
    summary: 'Discard a draft',
    tag: 'artifacts',
    query: NameQuery,
    heeds: ['If-Match'],
    answers: { 204: { description: 'The draft is gone and its version is free' } },
    problems: ['forbidden', 'not-found', 'ambiguous-type', 'wrong-status', 'precondition-failed'],
  },
  (c, { query }) =>
    transact(c, async (tx) => {
      const artifact = await lockArtifact(c, tx, { type: query.type, operation: 'discard_draft' })
      await discard(tx, artifact, causeOf(c))
      return { status: 204 }
    }),
)
