import type { Cause } from '@keepr/db/events/append-events'
import type { ArtifactRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import type { ArtifactOperation } from '@keepr/shared/domain/access'
import type { ProblemCode } from '@keepr/shared/problem'
import { Artifact } from '@keepr/shared/schemas/artifact'
import { answerArtifact } from '../../http/answer-artifact.ts'
import { causeOf } from '../../http/cause.ts'
import { lockArtifact } from '../../http/lock-artifact.ts'
import { route } from '../../http/route.ts'
import { transact } from '../../http/transact.ts'
import { EmptyBody } from '../../http/empty-body.ts'
import { NameQuery } from './name-query.ts'

type Move = {
  operationId: string
  /** The last segment of the path. */
  verb: string
  summary: string
  operation: ArtifactOperation
  example: object
  problems?: readonly ProblemCode[]
  command: (tx: Tx, artifact: ArtifactRow, cause: Cause) => Promise<ArtifactRow>
}

/** A write that needs to be told nothing: it moves one version through the lifecycle and answers what it is then. */
export const artifactMove = ({ operationId, verb, summary, operation, example, problems = [], command }: Move) =>
  route(
    {
      operationId,
      method: 'post',
      path: `/artifacts/:name/:version/${verb}`,
      summary,
      tag: 'artifacts',
      query: NameQuery,
      heeds: ['If-Match'],
      body: EmptyBody,
      bodyExample: {},
      bodyOptional: true,
      answers: { 200: { description: 'The version as it is now', schema: Artifact, example, headers: ['ETag'] } },
      problems: ['forbidden', 'not-found', 'ambiguous-type', 'wrong-status', 'precondition-failed', ...problems],
    },
    (c, { query }) =>
      transact(c, async (tx) => {
        const artifact = await lockArtifact(c, tx, { type: query.type, operation })
        await command(tx, artifact, causeOf(c))
        return await answerArtifact(c, tx, artifact.id)
      }),
  )
