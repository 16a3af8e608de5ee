import type { Tx } from '../transaction.ts'

export type RunRef = { id: string; group_id: string; artifact_type: string }

/** Open runs whose deadline has passed, oldest first, over all groups. */
export async function listOverdueRuns(tx: Tx, limit: number): Promise<RunRef[]> {
  return await tx<RunRef[]>`
    select id, group_id, artifact_type
      from validation_runs
     where state in ('waiting', 'running', 'error') and deadline < now()
     order by deadline limit ${limit}`
}
