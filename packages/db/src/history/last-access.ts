import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

/** When an archived artifact was last read. The ledger knows the reads since it was archived: the history never changes. */
export const lastAccess = (tx: Tx): postgres.PendingQuery<postgres.Row[]> => tx`
  greatest(last_accessed_at, (
    select v.archive_accessed_at from artifact_versions v
     where v.group_id = artifact_history.group_id and v.artifact_id = artifact_history.original_id))`
