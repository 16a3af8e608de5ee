import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'
import { LOOKED_AT } from './list-feed.ts'

/** The last position that one look after another one goes through; no row where the feed ends before that. */
export function findFeedReach(
  tx: Tx,
  { group_id, after }: { group_id: string; after: number },
): postgres.PendingQuery<{ position: number }[]> {
  return tx<{ position: number }[]>`
    select position from event_feed
     where group_id = ${group_id} and position > ${after}
     order by position offset ${LOOKED_AT - 1} limit 1`
}
