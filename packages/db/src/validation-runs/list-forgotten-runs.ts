import type { Tx } from '../transaction.ts'
import type { RunRef } from './list-overdue-runs.ts'

/** One look goes through so many; behind a validator that was away for long more may be open, and have their turn as those end. */
const LOOKED_AT = 20_000

/**
 * Open runs without a message that would ever wake a worker for them, over all groups. Each is looked up by itself (`offset 0`):
 * hardly anything waited when the statement was planned, and a join would compare all runs with all messages by now.
 */
export async function listForgottenRuns(tx: Tx, limit: number): Promise<RunRef[]> {
  return await tx<RunRef[]>`
    with looked_at as materialized (
      select id, group_id, artifact_type, deadline
        from validation_runs
       where state in ('waiting', 'running', 'error')
       order by deadline limit ${LOOKED_AT}
    )
    select r.id, r.group_id, r.artifact_type
      from looked_at r
     where not exists (select from outbox o where o.kind = 'validate_run' and o.refs[1] = r.id offset 0)
     order by r.deadline limit ${limit}`
}
