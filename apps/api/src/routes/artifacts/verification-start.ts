import type { ArtifactRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import type { ArtifactOperation } from '@keepr/shared/domain/access'
import { Artifact } from '@keepr/shared/schemas/artifact'
import type { Verification } from '../../commands/start-verification.ts'
import { answerArtifact } from '../../http/answer-artifact.ts'
import { awaitVerdict } from '../../http/await-verdict.ts'
import { causeOf } from '../../http/cause.ts'
import { contentRules } from '../../http/content-rules.ts'
import { lockArtifact } from '../../http/lock-artifact.ts'
import { route } from '../../http/route.ts'
import { transactAnswer } from '../../http/transact.ts'
import { typeConfigOf } from '../../http/type-config-of.ts'
import { EmptyBody } from '../../http/empty-body.ts'
import { answeredArtifact, pendingArtifact } from './example.ts'
import { NameQuery } from './name-query.ts'

type VerificationStart = {
  operationId: string
  /** The last segment of the path. */
  verb: string
  summary: string
  operation: ArtifactOperation
  /** What is answered when the verdict came while the caller waited. */
  finalStatus: 200 | 201
  command: (tx: Tx, artifact: ArtifactRow, verification: Verification) => Promise<ArtifactRow>
}

/** A write that opens a run for a version which is there already. */
export const verificationStart = ({ operationId, verb, summary, operation, finalStatus, command }: VerificationStart) =>
  route(
    {
      operationId,
      method: 'post',
      path: `/artifacts/:name/:version/${verb}`,
      summary,
      tag: 'artifacts',
      query: NameQuery,
      heeds: ['If-Match', 'Prefer'],
      body: EmptyBody,
      bodyExample: {},
      bodyOptional: true,
      answers: {
        [finalStatus]: {
          description: 'The verdict came while the caller waited (Prefer: wait)',
          schema: Artifact,
          example: answeredArtifact,
          headers: finalStatus === 201 ? ['ETag', 'Location'] : ['ETag'],
        },
        202: {
          description: 'Accepted for verification',
          schema: Artifact,
          example: pendingArtifact,
          headers: ['ETag', 'Location'],
        },
      },
      problems: [
        'forbidden',
        'not-found',
        'ambiguous-type',
        'wrong-status',
        'precondition-failed',
        'too-many-pending',
        'purged',
      ],
    },
    (c, { query }) =>
      awaitVerdict(c, finalStatus, ({ runId, waitMs }) =>
        transactAnswer(
          c,
          async (tx) => {
            const artifact = await lockArtifact(c, tx, { type: query.type, operation })
            const rules = contentRules(c, typeConfigOf(c, artifact.type))
            const { maxPending, maxPendingPerUser } = c.get('ctx').settings
            const run = { runId, awaited: waitMs > 0, rules, maxPending, maxPendingPerUser, cause: causeOf(c) }
            await command(tx, artifact, run)
            return await answerArtifact(c, tx, artifact.id, { status: 202 })
          },
          waitMs,
        ),
      ),
  )
