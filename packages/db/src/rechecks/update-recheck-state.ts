import type { RecheckRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { recheckColumns } from './columns.ts'

/** Pauses, resumes or ends a re-validation. @returns undefined when there is none that is not done */
export async function updateRecheckState(
  tx: Tx,
  id: string,
  state: RecheckRow['state'],
): Promise<RecheckRow | undefined> {
  const [updated] = await tx<RecheckRow[]>`
    update rechecks
       set state = ${state}, finished_at = case when ${state} = 'done' then now() end
     where id = ${id} and state <> 'done'
    returning ${recheckColumns(tx)}`
  return updated
}
