import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

/** The metadata of the artifact of event `e`, as it is now (a discarded draft has none any more). */
export const metadataOfEvent = (tx: Tx): postgres.PendingQuery<postgres.Row[]> => tx`
  coalesce(
    (select a.metadata from artifact_active a where a.id = e.artifact_id and a.group_id = e.group_id),
    (select h.metadata from artifact_history h
      where h.original_id = e.artifact_id and h.group_id = e.group_id and h.restored_at is null),
    '{}'::jsonb)`
