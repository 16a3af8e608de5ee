import { findById } from '@keepr/db/artifacts/find-by-id'
import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import { problem } from '@keepr/shared/problem'
import type { Call } from './api.ts'
import { pickArtifact } from './pick-artifact.ts'
import { param } from './route.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/iu

/** The artifact whose id stands in the path: the own group's, or another group's public one. */
export async function readById(c: Call, withContent: boolean): Promise<PresentedArtifact> {
  const { readDb } = c.get('ctx')
  const actor = c.get('actor')
  const id = param(c, 'id')
  if (!uuid.test(id)) throw problem('not-found')
  const found = await readDb.read(actor, (tx) => findById(tx, { group_id: actor.groupId, id, withContent }))
  return pickArtifact(found, actor)
}
