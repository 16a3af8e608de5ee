import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import { viewArtifact, withInlineContent } from '../views/artifact.ts'
import type { Call } from './api.ts'
import { revalidated } from './cache-headers.ts'
import { entityTag, isUnchanged } from './preconditions.ts'
import { respond } from './respond.ts'

/** Answers a read of one artifact: 304 where the caller has this revision, else with its content where it was read. */
export function presentArtifact(c: Call, artifact: PresentedArtifact): Response {
  const headers = { ...revalidated, etag: entityTag(artifact) }
  const { accessLog, contentCache } = c.get('ctx')
  const { inline_content, content_hash } = artifact
  if (inline_content && c.req.method !== 'HEAD') accessLog.touch(artifact)
  if (isUnchanged(c, headers.etag)) return respond(c, null, 304, headers)
  const view = viewArtifact(artifact, c.get('actor'))
  const text = inline_content
    ? withInlineContent(view, artifact, contentCache.checked(content_hash, inline_content))
    : JSON.stringify(view)
  return respond(c, text, 200, { ...headers, 'content-type': 'application/json' })
}
