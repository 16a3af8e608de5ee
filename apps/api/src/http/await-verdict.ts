import { randomUUIDv7 } from 'node:crypto'
import type { Tx } from '@keepr/db/transaction'
import { answerArtifact } from './answer-artifact.ts'
import { send } from './answer.ts'
import type { Call } from './api.ts'
import { preferredWaitMs } from './prefer-wait.ts'
import { transactAnswer } from './transact.ts'

export type AwaitedRun = { runId: string; awaited: boolean }

/**
 * Opens a run by `start` (which gives the artifact's id), answers 202, or, where the caller prefers to wait and the
 * verdict comes in time, with the final state.
 */
export async function awaitVerdict(
  c: Call,
  finalStatus: 200 | 201,
  start: (tx: Tx, run: AwaitedRun) => Promise<string>,
): Promise<Response> {
  const { db, verdicts } = c.get('ctx')
  const waitMs = preferredWaitMs(c)
  const run = { runId: randomUUIDv7(), awaited: waitMs > 0 }
  const settled = new AbortController()
  const verdict = run.awaited ? verdicts.wait(run.runId, waitMs, settled.signal) : undefined
  try {
    let id: string | undefined
    const accepted = await transactAnswer(c, async (tx) => {
      id = await start(tx, run)
      return await answerArtifact(c, tx, id, 202)
    })
    if (!verdict || id === undefined) return send(c, accepted)
    const artifactId = id
    await verdict
    const final = await db.withActor(c.get('actor'), (tx) => answerArtifact(c, tx, artifactId, finalStatus))
    // SAFETY: answerArtifact gives the view of an artifact.
    const { status } = final.body as { status: string }
    return send(c, status === 'on_verification' ? accepted : final)
  } finally {
    settled.abort()
  }
}
