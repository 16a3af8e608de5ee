import { isForeign } from '@keepr/shared/domain/access'
import type { Actor } from '@keepr/shared/domain/actor'
import { problem } from '@keepr/shared/problem'
import type { Owned } from '../commands/subject-of.ts'
import { isVisible } from '../views/artifact.ts'

type Found = Owned & { id: string; type: string }

/** The one artifact that a name means for this actor; what may not be seen is not there. */
export function pickArtifact<A extends Found>(found: readonly A[], actor: Actor): A {
  const visible = found.filter((artifact) => isVisible(actor, artifact))
  const [only] = visible
  if (!only) throw problem('not-found')
  if (visible.length > 1) requireOneMeaning(visible, actor)
  return only
}

function requireOneMeaning(visible: readonly Found[], actor: Actor): void {
  requireOneGroup(visible, actor)
  requireOneType([...new Set(visible.map(({ type }) => type))].toSorted())
}

/** A name may be used for several types; which of them is meant must then be said. */
export function requireOneType(types: readonly string[]): void {
  if (types.length > 1)
    throw problem('ambiguous-type', { detail: `Say which with ?type=: ${types.join(', ')}.`, types })
}

/** Several groups may offer a public artifact under a name that the caller's group never used. */
function requireOneGroup(visible: readonly Found[], actor: Actor): void {
  const groups = new Set(
    visible.filter(({ group_id }) => isForeign(actor, { groupId: group_id })).map(({ group_id }) => group_id),
  )
  if (groups.size > 1) {
    throw problem('ambiguous-name', {
      detail: 'Ask for one of them by its id.',
      ids: [...new Set(visible.map(({ id }) => id))].toSorted(),
    })
  }
}
