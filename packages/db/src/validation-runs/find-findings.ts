import type { JsonObject } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** What a run found; nothing where it was purged. */
export async function findFindings(
  tx: Tx,
  { group_id, run_id }: { group_id: string; run_id: string },
): Promise<JsonObject[]> {
  const [run] = await tx<{ findings: JsonObject[] }[]>`
    select findings from validation_runs where group_id = ${group_id} and id = ${run_id}`
  return run?.findings ?? []
}
