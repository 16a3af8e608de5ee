import type { ArtifactRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { artifactColumns } from '../artifacts/columns.ts'
import { idleSince } from './idle-since.ts'
import { isLatest } from './is-latest.ts'
import type { IdleVersion } from './list-idle-versions.ts'

export type StillIdle = ArtifactRow & { latest: boolean }

/** Which of some versions of one name are still published or drafts, as they were planned, and idle for longer than they were allowed. */
export async function listStillIdle(
  tx: Tx,
  groupId: string,
  planned: readonly Pick<IdleVersion, 'id' | 'status' | 'ttl_ms'>[],
): Promise<StillIdle[]> {
  return await tx<StillIdle[]>`
    select ${artifactColumns(tx)}, ${isLatest(tx)} as latest
      from (select artifact_active.*, p.ttl_ms
              from artifact_active
              join unnest(${planned.map(({ id }) => id)}::uuid[], ${planned.map(({ status }) => status)}::text[], ${planned.map(({ ttl_ms }) => ttl_ms)}::float8[])
                  as p (planned_id, planned_status, ttl_ms)
                on p.planned_id = artifact_active.id and p.planned_status = artifact_active.status) a
     where group_id = ${groupId} and status in ('published', 'draft')
       and now() - ${idleSince(tx)} > make_interval(secs => ttl_ms / 1000)
     order by version_sort`
}
