import { type ViewedArtifact, viewArtifact } from '../views/artifact.ts'
import { artifactPath } from '../views/links.ts'
import type { Answer } from './answer.ts'
import type { Call } from './api.ts'
import { revalidated } from './cache-headers.ts'
import { entityTag } from './preconditions.ts'

/** The answer to a write about one artifact: what it is now, without content. */
export const artifactAnswer = (
  c: Call,
  artifact: ViewedArtifact,
  status: Answer['status'],
  extra: { deduplicated?: true } = {},
): Answer => ({
  status,
  headers: {
    ...revalidated,
    etag: entityTag(artifact),
    // Where to poll, or where the new version (or the one that was there already) lives.
    ...(status === 200 && !extra.deduplicated ? {} : { location: artifactPath(artifact) }),
  },
  body: { ...viewArtifact(artifact, c.get('actor')), ...extra },
  artifactIds: [artifact.id],
})
