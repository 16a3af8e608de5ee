import { Artifact } from '@keepr/shared/schemas/artifact'
import { archiveArtifact as archive } from '../../commands/archive-artifact.ts'
import { answerArtifact } from '../../http/answer-artifact.ts'
import { causeOf } from '../../http/cause.ts'
import { lockArtifact } from '../../http/lock-artifact.ts'
import { route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { EmptyBody } from './empty-body.ts'
import { artifactExample } from './example.ts'
import { NameQuery } from './name-query.ts'

/** Moves one published version to the history by hand. */
export const archiveArtifact = route(
  {
    operationId: 'archiveArtifact',
    method: 'post',
    path: '/artifacts/:name/:version/archive',
    summary: 'Move a published version to the history',
    tag: 'artifacts',
    query: NameQuery,
    body: EmptyBody,
    bodyOptional: true,
    answers: { 200: { description: 'The version as it is now', schema: Artifact, example: artifactExample } },
    problems: ['forbidden', 'not-found', 'ambiguous-type', 'wrong-status', 'precondition-failed'],
  },
  (c, { query }) =>
    transact(c, async (tx) => {
      const artifact = await lockArtifact(c, tx, { type: query.type, operation: 'archive' })
      await archive(tx, artifact, causeOf(c))
      return await answerArtifact(c, tx, artifact.id)
    }),
)
