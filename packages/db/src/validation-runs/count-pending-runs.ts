import type { Tx } from '../transaction.ts'

/** How many runs of a group wait for a verdict, in all and of one type. */
export async function countPendingRuns(
  tx: Tx,
  group_id: string,
  type: string,
): Promise<{ all: number; of_type: number }> {
  const [row] = await tx<[{ all: number; of_type: number }]>`
    select count(*)::int as all, (count(*) filter (where artifact_type = ${type}))::int as of_type
      from validation_runs
     where group_id = ${group_id} and state in ('waiting', 'running', 'error', 'held')`
  return row
}
