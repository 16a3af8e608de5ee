import { type ArtifactOperation, decide } from '@keepr/shared/domain/access'
import type { Actor } from '@keepr/shared/domain/actor'
import { problem } from '@keepr/shared/problem'
import { forbidden } from './forbidden.ts'
import { type Owned, subjectOf } from './subject-of.ts'

/**
 * Stops an actor who may not do this: 404 for what it may not see, 403 for the rest. `alsoBy`: the creators of other versions that it
 * is done to as well.
 */
export function requireRight(
  actor: Actor,
  operation: ArtifactOperation,
  artifact: Owned,
  alsoBy: readonly string[] = [],
): void {
  const { outcome, rule } = decide(operation, actor, { ...subjectOf(artifact), alsoBy })
  if (outcome === 'hidden') throw problem('not-found')
  if (outcome !== 'allowed') throw forbidden(rule)
}
