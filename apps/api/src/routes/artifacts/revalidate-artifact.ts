import { Artifact } from '@keepr/shared/schemas/artifact'
import { revalidateArtifact as start } from '../../commands/start-verification.ts'
import { awaitVerdict } from '../../http/await-verdict.ts'
import { causeOf } from '../../http/cause.ts'
import { lockArtifact } from '../../http/lock-artifact.ts'
import { route } from '../../http/route.ts'
import { typeConfigOf } from '../../http/type-config-of.ts'
import { EmptyBody } from './empty-body.ts'
import { artifactExample } from './example.ts'
import { NameQuery } from './name-query.ts'

/** Opens a new run for a blocked version, or for one whose verification is held. */
export const revalidateArtifact = route(
  {
    operationId: 'revalidateArtifact',
    method: 'post',
    path: '/artifacts/:name/:version/revalidate',
    summary: 'Ask for a new verdict',
    tag: 'artifacts',
    query: NameQuery,
    body: EmptyBody,
    bodyOptional: true,
    answers: {
      200: { description: 'The verdict came while the caller waited (Prefer: wait)', schema: Artifact },
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
    awaitVerdict(c, 200, async (tx, run) => {
      const artifact = await lockArtifact(c, tx, { type: query.type, operation: 'revalidate' })
      const config = typeConfigOf(c, artifact.type)
      const maxPending = c.get('ctx').settings.maxPending
      await start(tx, artifact, { ...run, config, maxPending, cause: causeOf(c) })
      return artifact.id
    }),
)
