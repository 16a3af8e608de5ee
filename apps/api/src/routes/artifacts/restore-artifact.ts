import { Artifact } from '@keepr/shared/schemas/artifact'
import { restoreArtifact as restore } from '../../commands/restore-artifact.ts'
import { answerArtifact } from '../../http/answer-artifact.ts'
import { causeOf } from '../../http/cause.ts'
import { lockArtifact } from '../../http/lock-artifact.ts'
import { route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { EmptyBody } from './empty-body.ts'
import { artifactExample } from './example.ts'
import { NameQuery } from './name-query.ts'

/** Brings an archived version back, under its old id. */
export const restoreArtifact = route(
  {
    operationId: 'restoreArtifact',
    method: 'post',
    path: '/artifacts/:name/:version/restore',
    summary: 'Publish an archived version again',
    tag: 'artifacts',
    query: NameQuery,
    body: EmptyBody,
    bodyOptional: true,
    answers: { 200: { description: 'The version as it is now', schema: Artifact, example: artifactExample } },
    problems: ['forbidden', 'not-found', 'ambiguous-type', 'wrong-status', 'precondition-failed', 'not-restorable'],
  },
  (c, { query }) =>
    transact(c, async (tx) => {
      const artifact = await lockArtifact(c, tx, { type: query.type, operation: 'restore' })
      await restore(tx, artifact, causeOf(c))
      return await answerArtifact(c, tx, artifact.id)
    }),
)
