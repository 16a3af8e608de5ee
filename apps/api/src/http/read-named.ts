import { findLatest } from '@keepr/db/artifacts/find-latest'
import { findOwnLatest } from '@keepr/db/artifacts/find-own-latest'
import { type ContentRow, findOwnContent } from '@keepr/db/artifacts/find-own-content'
import { findOwnVersion } from '@keepr/db/artifacts/find-own-version'
import type { OwnArtifact } from '@keepr/db/artifacts/own-artifact'
import { findVersion, type NameQuestion } from '@keepr/db/artifacts/find-version'
import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import type { Actor } from '@keepr/shared/domain/actor'
import { hasRole } from '@keepr/shared/domain/role'
import type { Call } from './api.ts'

type Asked = NameQuestion & { version?: string }

/**
 * What a name (and version, else its latest) means for the caller. Nearly all reads are of the group's own names, and those
 * have a statement that costs half; only what that one does not tell is asked of the one that knows everything.
 */
export async function readNamed(c: Call, asked: Asked): Promise<PresentedArtifact[]> {
  const { readDb } = c.get('ctx')
  const actor = c.get('actor')
  const { name, type, version, withContent } = asked
  if (version === undefined) {
    const own = await readDb.readTogether(actor, findOwnLatest, { name, type, withContent })
    return isWhole(own, actor) ? own : await readDb.read(actor, (tx) => findLatest(tx, asked))
  }
  const own = await readDb.readTogether(actor, findOwnVersion, { name, type, version, withContent })
  return isWhole(own, actor) ? own : await readDb.read(actor, (tx) => findVersion(tx, { ...asked, version }))
}

/** The same for a version's content: of its verdict and metadata nothing is asked. */
export async function readNamedContent(c: Call, asked: NameQuestion & { version: string }): Promise<ContentRow[]> {
  const { readDb } = c.get('ctx')
  const actor = c.get('actor')
  const { name, type, version } = asked
  const own = await readDb.readTogether(actor, findOwnContent, { name, type, version })
  return own.length > 0 ? own : await readDb.read(actor, (tx) => findVersion(tx, asked))
}

/** What those statements leave out is shown to authors only. */
const isWhole = (own: readonly OwnArtifact[], actor: Actor): boolean =>
  own.length > 0 && (!hasRole(actor.roles, 'author') || own.every(({ tells_more }) => !tells_more))
