import { randomUUIDv7 } from 'node:crypto'
import { findById } from '@keepr/db/artifacts/find-by-id'
import type { PresentedArtifact } from '@keepr/db/artifacts/present-artifact'
import type { Tx } from '@keepr/db/transaction'
import { type Answer, send } from './answer.ts'
import type { Call } from './api.ts'
import { artifactAnswer } from './artifact-answer.ts'
import { completeAnswer } from './idempotency.ts'
import { preferredWaitMs } from './prefer-wait.ts'
import { leaveRoom } from './require-room.ts'

/** The run that may be opened, and how long its verdict will be waited for: not at all if 0. */
export type AwaitedRun = { runId: string; waitMs: number }
type Start = (run: AwaitedRun) => Promise<Answer>

/**
 * Answers as `start` does, which may open a run and then says 202. Where the caller prefers to wait, the answer is the
 * artifact as it is after that instead: in its final state, or on verification still (held, or not judged in time).
 */
export async function awaitVerdict(c: Call, finalStatus: 200 | 201, start: Start): Promise<Response> {
  const { db, verdicts, closing } = c.get('ctx')
  const actor = c.get('actor')
  const waitMs = preferredWaitMs(c)
  const runId = randomUUIDv7()
  if (waitMs === 0) return send(c, await start({ runId, waitMs }))
  // It listens before the run exists, so that no verdict can come unheard; who cannot listen does not wait.
  const listens = verdicts.listen()
  if (listens !== true && !(await listens)) return send(c, await start({ runId, waitMs: 0 }))
  const done = new AbortController()
  // A process that ends answers what it knows by then.
  const verdict = verdicts.wait(runId, waitMs, AbortSignal.any([done.signal, closing]))
  try {
    const accepted = await start({ runId, waitMs })
    leaveRoom(c) // it is stored, and the verdict may take long
    const [id] = accepted.artifactIds ?? []
    if (accepted.status !== 202 || id === undefined) return send(c, accepted)
    await verdict
    const find = (tx: Tx) => findById(tx, { group_id: actor.groupId, id, withContent: false })
    const last = ([artifact]: readonly PresentedArtifact[]) =>
      artifact ? artifactAnswer(c, artifact, artifact.status === 'on_verification' ? 202 : finalStatus) : accepted
    const keyed = c.get('keyed')
    if (!keyed) return send(c, last(await db.read(actor, find)))
    const answer = await db.withActor(actor, async (tx) => {
      const kept = last(await find(tx))
      await completeAnswer(tx, keyed, kept)
      return kept
    })
    return send(c, answer)
  } finally {
    done.abort()
  }
}
