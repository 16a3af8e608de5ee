import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { artifactColumns } from './columns.ts'

/**
 * Blocks a published artifact whose re-validation failed, if it is still published with the content that was judged and
 * no newer run has judged it since (a simulation judges nothing).
 */
export async function blockPublished(
  tx: Tx,
  run: { id: string; group_id: string; artifact_id: string },
  reason: string,
): Promise<ArtifactRow | undefined> {
  const [artifact] = await tx<ArtifactRow[]>`
    update artifact_active
       set status = 'blocked', blocked_reason = ${reason}, validation_run_id = ${run.id},
           revision = revision + 1, updated_at = now()
     where id = ${run.artifact_id} and group_id = ${run.group_id} and status = 'published'
       and exists (
         select from validation_runs r
          where r.id = ${run.id} and r.content_hash = artifact_active.content_hash and not r.simulate
            and not exists (
              select from validation_runs newer
               where newer.group_id = r.group_id and newer.artifact_id = r.artifact_id and not newer.simulate
                 and newer.state in ('passed', 'failed', 'not_required')
                 and (newer.created_at, newer.id) > (r.created_at, r.id)))
    returning ${artifactColumns(tx)}`
  return artifact
}
