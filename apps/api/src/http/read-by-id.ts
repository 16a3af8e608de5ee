import { findById } from '@keepr/db/artifacts/find-by-id'
import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import type { Call } from './api.ts'
import { pickArtifact } from './pick-artifact.ts'
import { idParam } from './route.ts'

/** The artifact whose id stands in the path: the own group's, or another group's public one. */
export async function readById(c: Call, withContent: boolean): Promise<PresentedArtifact> {
  const { readDb } = c.get('ctx')
  const actor = c.get('actor')
  const id = idParam(c)
  const found = await readDb.read(actor, (tx) => findById(tx, { group_id: actor.groupId, id, withContent }))
  return pickArtifact(found, actor)
}
