import type { Tx } from '../transaction.ts'

/** How many runs are held until an author asks again, by type, over all groups. */
export async function countHeldRuns(tx: Tx): Promise<{ artifact_type: string; runs: number }[]> {
  return await tx<{ artifact_type: string; runs: number }[]>`
    select artifact_type, count(*)::int as runs from validation_runs where state = 'held' group by 1`
}
