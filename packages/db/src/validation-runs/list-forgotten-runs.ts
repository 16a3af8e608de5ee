import type { Tx } from '../transaction.ts'
import type { RunRef } from './list-overdue-runs.ts'

/** Open runs without a message that would ever wake a worker for them, over all groups. */
export async function listForgottenRuns(tx: Tx, limit: number): Promise<RunRef[]> {
  return await tx<RunRef[]>`
    select r.id, r.group_id, r.artifact_type
      from validation_runs r
     where r.state in ('waiting', 'running', 'error')
       and not exists (select from outbox o where o.kind = 'validate_run' and o.refs[1] = r.id)
     order by r.deadline limit ${limit}`
}
