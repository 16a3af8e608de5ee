import type { ValidationRunRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** The newest verdict on an artifact; runs without one (expired, cancelled, open, simulated) do not count. */
export async function findNewestVerdict(
  tx: Tx,
  { group_id, id }: { group_id: string; id: string },
): Promise<Pick<ValidationRunRow, 'state' | 'content_hash'> | undefined> {
  const [run] = await tx<Pick<ValidationRunRow, 'state' | 'content_hash'>[]>`
    select state, content_hash
      from validation_runs
     where group_id = ${group_id} and artifact_id = ${id} and not simulate and state in ('passed', 'failed', 'not_required')
     order by checked_at desc
     limit 1`
  return run
}
