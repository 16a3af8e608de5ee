import type postgres from 'postgres'
import type { EventRow } from '../rows.ts'
import { type PageRow, pageRows } from '../page-rows.ts'
import type { Tx } from '../transaction.ts'
import { eventColumns } from './columns.ts'
import { visibleEventData } from './visible-event-data.ts'

/** A page of what happened to one artifact, in order: the events after that `sequence`. */
export function listArtifactEvents(
  tx: Tx,
  asked: { group_id: string; artifact_id: string; after: number; limit: number },
): postgres.PendingQuery<PageRow<EventRow>[]> {
  const rows = tx`
    select ${eventColumns(tx)}, ${visibleEventData(tx)} as event_data
      from artifact_events e
     where e.group_id = ${asked.group_id} and e.artifact_id = ${asked.artifact_id} and e.sequence > ${asked.after}
     order by e.sequence limit ${asked.limit}`
  return pageRows<EventRow>(tx, rows, { columns: tx`*`, bytes: tx`octet_length(event_data::text)` })
}
