import { findById } from '@keepr/db/artifacts/find-by-id'
import type { Tx } from '@keepr/db/transaction'
import { problem } from '@keepr/shared/problem'
import type { Answer } from './answer.ts'
import type { Call } from './api.ts'
import { artifactAnswer } from './artifact-answer.ts'

/** The answer to a write: the artifact as the transaction leaves it, with its validation. */
export async function answerArtifact(c: Call, tx: Tx, id: string, status: Answer['status'] = 200): Promise<Answer> {
  const [artifact] = await findById(tx, { group_id: c.get('actor').groupId, id, withContent: false })
  if (!artifact) throw problem('not-found')
  return artifactAnswer(c, artifact, status)
}
