import type { Tx } from '../transaction.ts'

/**
 * Moves a re-validation on to an artifact. Two planners may be at it: only the one that moves the cursor gives it a run.
 * @returns false when it was paused, or somebody else was first
 */
export async function advanceRecheck(tx: Tx, recheckId: string, artifactId: string): Promise<boolean> {
  const moved = await tx`
    update rechecks
       set cursor = ${artifactId}, started = started + 1
     where id = ${recheckId} and state = 'running' and (cursor is null or cursor < ${artifactId}::uuid)`
  return moved.count === 1
}
