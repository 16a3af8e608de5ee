import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

/** The same where it was never brought back from the history, which costs nothing to ask; never later than that. */
export const idleSinceAtLeast = (tx: Tx): postgres.PendingQuery<postgres.Row[]> => tx`
  greatest(case when a.status = 'published' then a.published_at else a.updated_at end, a.last_accessed_at)`

/**
 * Since when nobody has used an artifact (`a`): its last access or its publication, whichever is later; bringing it
 * back from the history publishes it again. What was never published counts from its last change.
 */
export const idleSince = (tx: Tx): postgres.PendingQuery<postgres.Row[]> => tx`
  greatest(
    ${idleSinceAtLeast(tx)},
    (select max(h.restored_at) from artifact_history h
      where h.group_id = a.group_id and h.content_hash = a.content_hash and h.original_id = a.id))`
