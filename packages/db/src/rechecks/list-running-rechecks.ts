import type { RecheckRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { recheckColumns } from './columns.ts'

/** Re-validations under way that are not paused, each with how many of its runs wait for a verdict. */
export async function listRunningRechecks(tx: Tx): Promise<(RecheckRow & { open_runs: number })[]> {
  return await tx<(RecheckRow & { open_runs: number })[]>`
    select ${recheckColumns(tx)},
           (select count(*)::int from validation_runs r
             where r.recheck_id = rechecks.id and r.state in ('waiting', 'running', 'error')) as open_runs
      from rechecks where state = 'running' order by created_at`
}
