import type { Commit, Tx } from '@keepr/db/transaction'
import { settleUnvalidatedRuns, type SettledRun } from '@keepr/db/validation-runs/settle-unvalidated-runs'
import { takeRuns } from '@keepr/db/validation-runs/take-runs'
import { publishTaken } from './publish-taken.ts'

type Waiting = { group_id: string; type: string; runIds: readonly string[]; limit: number }

/**
 * Publishes what no validator has to judge, many at once: the runs asked for and others of the group and type that wait.
 * @returns the runs that were settled; one that is missing needs a look of its own
 */
export async function publishUnvalidated(tx: Tx, waiting: Waiting, commit: Commit): Promise<SettledRun[]> {
  const { group_id, type } = waiting
  const names = await takeRuns(tx, { ...waiting, judged: false })
  return await publishTaken(tx, { group_id, type, names, commit }, (ids) => settleUnvalidatedRuns(tx, group_id, ids))
}
