import { findById } from '@keepr/db/artifacts/find-by-id'
import type { ArtifactRow } from '@keepr/db/rows'
import type { Tx } from '@keepr/db/transaction'
import { problem } from '@keepr/shared/problem'
import type { Answer } from './answer.ts'
import type { Call } from './api.ts'
import { artifactAnswer } from './artifact-answer.ts'

/**
 * The answer to a write: the artifact as the transaction leaves it, with its validation. `written` is what a write knows
 * that may have taken the artifact out of the caller's sight: an author who restricts what another one made.
 */
export async function answerArtifact(
  c: Call,
  tx: Tx,
  id: string,
  { status = 200, written }: { status?: Answer['status']; written?: ArtifactRow } = {},
): Promise<Answer> {
  const [found] = await findById(tx, { group_id: c.get('actor').groupId, id, withContent: false })
  const artifact = found ?? written
  if (!artifact) throw problem('not-found')
  return artifactAnswer(c, artifact, status)
}
