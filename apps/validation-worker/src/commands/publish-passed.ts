import type { Commit, Tx } from '@keepr/db/transaction'
import type { OpenRun } from '@keepr/db/validation-runs/claim-runs'
import { insertTries, type NewTry } from '@keepr/db/validation-runs/insert-try'
import { type PassedRun, settlePassedRuns } from '@keepr/db/validation-runs/settle-passed-runs'
import type { SettledRun } from '@keepr/db/validation-runs/settle-unvalidated-runs'
import { takeRuns } from '@keepr/db/validation-runs/take-runs'
import { publishTaken } from './publish-taken.ts'

export type Passed = { run: OpenRun; verdict: Omit<PassedRun, 'id'>; tried: NewTry }

/**
 * Publishes what a validator found valid, runs of one group and type at once, each with the call that brought its verdict.
 * @returns the runs that were settled; one that is missing needs a look of its own
 */
export async function publishPassed(
  tx: Tx,
  { group_id, type }: { group_id: string; type: string },
  passed: readonly Passed[],
  commit: Commit,
): Promise<SettledRun[]> {
  const runIds = passed.map(({ run }) => run.id)
  const names = await takeRuns(tx, { group_id, type, runIds, judged: true, limit: 0 })
  return await publishTaken(tx, { group_id, type, names, commit }, async (ids) => {
    const taken = passed.filter(({ run }) => ids.includes(run.id))
    const [settled] = await Promise.all([
      settlePassedRuns(
        tx,
        group_id,
        taken.map(({ run, verdict }) => ({ id: run.id, ...verdict })),
      ),
      insertTries(
        tx,
        group_id,
        taken.map(({ run, tried }) => ({ run_id: run.id, tried })),
      ),
    ])
    // What follows goes on in the trace of the call.
    return settled.map((one) => ({
      ...one,
      traceparent: passed.find(({ run }) => run.id === one.id)?.run.traceparent ?? null,
    }))
  })
}
