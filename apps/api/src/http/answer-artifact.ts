import { findById } from '@keepr/db/artifacts/find-by-id'
import type { Tx } from '@keepr/db/transaction'
import { problem } from '@keepr/shared/problem'
import { viewArtifact } from '../views/artifact.ts'
import { artifactPath } from '../views/links.ts'
import type { Answer } from './answer.ts'
import type { Call } from './api.ts'
import { revalidated } from './cache-headers.ts'
import { entityTag } from './preconditions.ts'

/** The answer to a write: the artifact as the transaction leaves it, with its validation. */
export async function answerArtifact(c: Call, tx: Tx, id: string, status: Answer['status'] = 200): Promise<Answer> {
  const actor = c.get('actor')
  const [artifact] = await findById(tx, { group_id: actor.groupId, id, withContent: false })
  // It can be gone from the caller's sight: an author who narrows a policy to `restricted`.
  if (!artifact) throw problem('not-found')
  return {
    status,
    headers: {
      ...revalidated,
      etag: entityTag(artifact),
      ...(status === 202 ? { location: artifactPath(artifact) } : {}),
    },
    body: viewArtifact(artifact, actor),
  }
}
