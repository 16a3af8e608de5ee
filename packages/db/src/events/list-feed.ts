import type postgres from 'postgres'
import type { EventRow, EventType, JsonObject } from '../rows.ts'
import { type PageRow, pageRows } from '../page-rows.ts'
import type { Tx } from '../transaction.ts'
import { eventColumns } from './columns.ts'
import { metadataOfEvent } from './metadata-of-event.ts'
import { visibleEventData } from './visible-event-data.ts'

export type FeedEvent = EventRow & { position: number; metadata: JsonObject }
export type FeedQuestion = {
  group_id: string
  /** The position of the last event that was handed out; 0 from the beginning. */
  after: number
  types: readonly EventType[] | undefined
  limit: number
}

/** One look goes through so many events, and no further: what is asked for, or may be seen, can be rare among millions. */
export const LOOKED_AT = 20_000

/**
 * The group's events in the order of the feed: nothing ever appears before a position already handed out. Fewer than `limit`, none
 * of them beyond the page, are all there are up to where a look ends (find-feed-reach.ts).
 */
export function listFeed(
  tx: Tx,
  { group_id, after, types, limit }: FeedQuestion,
): postgres.PendingQuery<PageRow<FeedEvent>[]> {
  const rows = tx`
    select feed.position, ${eventColumns(tx)}, ${visibleEventData(tx)} as event_data, ${metadataOfEvent(tx)} as metadata
      from (select group_id, position, event_id from event_feed
             where group_id = ${group_id} and position > ${after} order by position limit ${LOOKED_AT}) feed
      join artifact_events e on e.id = feed.event_id and e.group_id = feed.group_id
           ${types === undefined ? tx`` : tx`and e.event_type = any (${[...types]}::text[])`}
     order by feed.position
     limit ${limit}`
  const bytes = tx`octet_length(event_data::text) + octet_length(metadata::text)`
  return pageRows<FeedEvent>(tx, rows, { columns: tx`*`, bytes })
}
