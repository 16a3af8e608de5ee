import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

/** Everything of event `e` (see EventRow) but what it tells, which not everybody may see whole (visible-event-data.ts). */
export const eventColumns = (tx: Tx): postgres.PendingQuery<postgres.Row[]> => tx`
  e.id, e.group_id, e.artifact_id, e.type, e.name, e.version, e.sequence, e.event_type, e.actor, e.request_id, e.status,
  e.usage_policy, e.content_hash, e.created_by, e.was_published, e.created_at`
