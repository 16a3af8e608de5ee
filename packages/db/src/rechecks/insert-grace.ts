import type { Tx } from '../transaction.ts'

/** From the first failed re-validation on, an artifact has so much time before it is blocked. */
export async function insertGrace(
  tx: Tx,
  run: { id: string; group_id: string; artifact_id: string },
  graceMs: number,
): Promise<{ blocks_at: string }> {
  const [grace] = await tx<[{ blocks_at: string }]>`
    insert into recheck_graces (group_id, artifact_id, run_id, blocks_at)
    values (${run.group_id}, ${run.artifact_id}, ${run.id}, now() + make_interval(secs => ${graceMs / 1000}))
    on conflict (group_id, artifact_id) do update set run_id = excluded.run_id
    returning blocks_at`
  return grace
}
