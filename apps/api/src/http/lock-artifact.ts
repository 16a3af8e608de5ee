import { findVersion } from '@keepr/db/artifacts/find-version'
import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import { lockName } from '@keepr/db/names/lock-name'
import type { Tx } from '@keepr/db/transaction'
import type { ArtifactOperation } from '@keepr/shared/domain/access'
import { problem } from '@keepr/shared/problem'
import type { Call } from './api.ts'
import { pickArtifact } from './pick-artifact.ts'
import { entityTag, requireMatch } from './preconditions.ts'
import { requireRight } from '../commands/require-right.ts'
import { param } from './route.ts'

type Asked = { type: string | undefined; operation: ArtifactOperation }

/** Nothing is made of a version whose content is gone; it can still be withdrawn, archived or discarded. */
const needsContent = new Set<ArtifactOperation>(['edit_draft', 'submit_draft', 'revalidate', 'patch_metadata'])

/**
 * The version of the caller's own group that a write is about, under the lock of its name. It is read again once the
 * lock is held, so that what is checked here (state, If-Match) is still true when the command acts.
 */
export async function lockArtifact(c: Call, tx: Tx, { type, operation }: Asked): Promise<PresentedArtifact> {
  const actor = c.get('actor')
  const asked = {
    group_id: actor.groupId,
    name: param(c, 'name'),
    version: param(c, 'version'),
    foreign: false,
    withContent: false,
  }
  const found = pickArtifact(await findVersion(tx, { ...asked, type }), actor)
  requireRight(actor, operation, found)
  await lockName(tx, found, 0)
  const artifact = pickArtifact(await findVersion(tx, { ...asked, type: found.type }), actor)
  requireRight(actor, operation, artifact)
  requireMatch(c, entityTag(artifact))
  if (artifact.purged_at !== null && needsContent.has(operation)) throw problem('purged')
  return artifact
}
