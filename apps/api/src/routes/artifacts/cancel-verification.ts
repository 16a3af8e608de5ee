import { Artifact } from '@keepr/shared/schemas/artifact'
import { cancelVerification as cancel } from '../../commands/cancel-verification.ts'
import { answerArtifact } from '../../http/answer-artifact.ts'
import { causeOf } from '../../http/cause.ts'
import { lockArtifact } from '../../http/lock-artifact.ts'
import { route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { EmptyBody } from './empty-body.ts'
import { artifactExample } from './example.ts'
import { NameQuery } from './name-query.ts'

/** Ends a verification that is under way: the version is blocked, and can be revalidated. */
export const cancelVerification = route(
  {
    operationId: 'cancelVerification',
    method: 'post',
    path: '/artifacts/:name/:version/cancel',
    summary: 'End a verification without a verdict',
    tag: 'artifacts',
    query: NameQuery,
    body: EmptyBody,
    bodyOptional: true,
    answers: { 200: { description: 'The version as it is now', schema: Artifact, example: artifactExample } },
    problems: ['forbidden', 'not-found', 'ambiguous-type', 'wrong-status', 'precondition-failed'],
  },
  (c, { query }) =>
    transact(c, async (tx) => {
      const artifact = await lockArtifact(c, tx, { type: query.type, operation: 'cancel' })
      await cancel(tx, artifact, causeOf(c))
      return await answerArtifact(c, tx, artifact.id)
    }),
)
