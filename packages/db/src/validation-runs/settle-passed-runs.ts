import type { JsonObject } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { isOpen } from './is-open.ts'
import type { SettledRun } from './settle-unvalidated-runs.ts'

export type PassedRun = {
  id: string
  findings: JsonObject[]
  report_url: string | undefined
  /** Whether the call that brought the verdict counts as an attempt. */
  attempted: boolean
}

/** Stores the verdict `passed` for runs that are still open, many in one statement. */
export async function settlePassedRuns(tx: Tx, group_id: string, passed: readonly PassedRun[]): Promise<SettledRun[]> {
  const ids = passed.map(({ id }) => id)
  return await tx<SettledRun[]>`
    with given as (
      select * from jsonb_to_recordset(${tx.json([...passed])}) as g (id uuid, findings jsonb, report_url text, attempted boolean)
    )
    update validation_runs r
       set state = 'passed', reason = null, findings = given.findings, report_url = given.report_url,
           attempts = r.attempts + given.attempted::int, poll_url = null, checked_at = now()
      from given
     where r.id = any (${ids}::uuid[]) and r.id = given.id and r.group_id = ${group_id}
       and ${isOpen(tx)}
    returning r.id, r.artifact_id, r.attempts, r.awaited, r.state, r.traceparent, r.created_at`
}
