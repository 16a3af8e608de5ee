import type { Tx } from '../transaction.ts'

export type PendingRuns = { all: number; of_type: number; of_user: number }

/**
 * How many runs of a group wait for a verdict that its callers asked for: in all, of one type, and of versions that the
 * caller made. Whoever counts in order to add one holds the group's lock until its commit, so that no two count the same.
 */
export async function countPendingRuns(tx: Tx, group_id: string, type: string): Promise<PendingRuns> {
  await tx`select pg_advisory_xact_lock(hashtextextended('pending runs of ' || ${group_id}::text, 0))`
  const [row] = await tx<[PendingRuns]>`
    select count(*)::int as all, (count(*) filter (where r.artifact_type = ${type}))::int as of_type,
           (count(*) filter (where v.created_by = current_user_id()))::int as of_user
      from validation_runs r
      join artifact_versions v on v.group_id = r.group_id and v.artifact_id = r.artifact_id
     where r.group_id = ${group_id} and r.state in ('waiting', 'running', 'error', 'held') and r.kind <> 'recheck'`
  return row
}
