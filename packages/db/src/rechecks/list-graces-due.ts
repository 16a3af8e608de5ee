import type { Tx } from '../transaction.ts'

export type Grace = { group_id: string; artifact_id: string; run_id: string }

/** Failed re-validations whose grace has run out, over all groups. */
export async function listGracesDue(tx: Tx, limit: number): Promise<Grace[]> {
  return await tx<Grace[]>`
    select group_id, artifact_id, run_id from recheck_graces where blocks_at <= now() order by blocks_at limit ${limit}`
}
