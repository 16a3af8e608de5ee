import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { artifactColumns } from './columns.ts'
import { isOnVerification } from './is-on-verification.ts'

/**
 * Moves an artifact out of `on_verification`, once: when the run is no longer the current one (a job that ran twice,
 * a newer run, a cancel) no row matches and nothing changes. Publishing also needs the run's verdict to be stored
 * before, in the same transaction: the database checks it.
 */
export async function settleArtifact(
  tx: Tx,
  run: { id: string; group_id: string; artifact_id: string },
  verdict: { status: 'published' } | { status: 'blocked'; reason: string },
): Promise<ArtifactRow | undefined> {
  const reason = verdict.status === 'blocked' ? verdict.reason : null
  const [artifact] = await tx<ArtifactRow[]>`
    update artifact_active
       set status = ${verdict.status},
           blocked_reason = ${reason},
           published_at = case when ${verdict.status} = 'published' then now() else published_at end,
           revision = revision + 1,
           updated_at = now()
     where id = ${run.artifact_id} and group_id = ${run.group_id}
       and validation_run_id = ${run.id} and ${isOnVerification(tx)}
    returning ${artifactColumns(tx)}`
  return artifact
}
