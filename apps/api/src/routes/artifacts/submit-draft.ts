import { Artifact } from '@keepr/shared/schemas/artifact'
import { submitDraft as start } from '../../commands/start-verification.ts'
import { awaitVerdict } from '../../http/await-verdict.ts'
import { causeOf } from '../../http/cause.ts'
import { lockArtifact } from '../../http/lock-artifact.ts'
import { route } from '../../http/route.ts'
import { typeConfigOf } from '../../http/type-config-of.ts'
import { EmptyBody } from './empty-body.ts'
import { artifactExample } from './example.ts'
import { NameQuery } from './name-query.ts'

/** Hands a draft to verification; its version is used from now on. */
export const submitDraft = route(
  {
    operationId: 'submitDraft',
    method: 'post',
    path: '/artifacts/:name/:version/submit',
    summary: 'Hand a draft to verification',
    tag: 'artifacts',
    query: NameQuery,
    body: EmptyBody,
    bodyOptional: true,
    answers: {
      201: { description: 'The verdict came while the caller waited (Prefer: wait)', schema: Artifact },
      202: { description: 'Accepted for verification', schema: Artifact, example: artifactExample },
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
    awaitVerdict(c, 201, async (tx, run) => {
      const artifact = await lockArtifact(c, tx, { type: query.type, operation: 'submit_draft' })
      const config = typeConfigOf(c, artifact.type)
      const maxPending = c.get('ctx').settings.maxPending
      await start(tx, artifact, { ...run, config, maxPending, cause: causeOf(c) })
      return artifact.id
    }),
)
