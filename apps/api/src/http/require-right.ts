import type { ArtifactRow } from '@keepr/db/rows'
import { type ArtifactOperation, decide } from '@keepr/shared/domain/access'
import type { Actor } from '@keepr/shared/domain/actor'
import { problem } from '@keepr/shared/problem'
import { forbidden } from '../commands/forbidden.ts'
import { subjectOf } from '../views/artifact.ts'

/** Stops an actor who may not do this: 404 for what it may not see, 403 for the rest. */
export function requireRight(actor: Actor, operation: ArtifactOperation, artifact: ArtifactRow): void {
  const { outcome, rule } = decide(operation, actor, subjectOf(artifact))
  if (outcome === 'hidden') throw problem('not-found')
  if (outcome !== 'allowed') throw forbidden(rule)
}
