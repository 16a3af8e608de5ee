import type postgres from 'postgres'
import type { EventRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** What happened to one artifact, in order. */
export function listArtifactEvents(
  tx: Tx,
  { group_id, artifact_id }: { group_id: string; artifact_id: string },
): postgres.PendingQuery<EventRow[]> {
  return tx<EventRow[]>`
    select id, group_id, artifact_id, type, name, version, sequence, event_type, event_data, actor, request_id, status,
           usage_policy, content_hash, created_by, was_published, created_at
      from artifact_events
     where group_id = ${group_id} and artifact_id = ${artifact_id}
     order by sequence`
}
