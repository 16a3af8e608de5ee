import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { artifactColumns } from './columns.ts'

type Move =
  | { from: 'draft' | 'blocked' | 'on_verification'; to: 'on_verification'; validation_run_id: string }
  | { from: 'on_verification'; to: 'blocked'; blocked_reason: string }

/** Moves an artifact as its author asks; undefined when it is not in the state that the move starts from. */
export async function changeStatus(
  tx: Tx,
  { group_id, id }: Pick<ArtifactRow, 'group_id' | 'id'>,
  move: Move,
): Promise<ArtifactRow | undefined> {
  const [row] = await tx<ArtifactRow[]>`
    update artifact_active
       set status = ${move.to},
           blocked_reason = ${move.to === 'blocked' ? move.blocked_reason : null},
           validation_run_id = ${move.to === 'blocked' ? tx`validation_run_id` : move.validation_run_id},
           revision = revision + 1,
           updated_at = now()
     where id = ${id} and group_id = ${group_id} and status = ${move.from}
    returning ${artifactColumns(tx)}`
  return row
}
