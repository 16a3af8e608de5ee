import type postgres from 'postgres'
import type { Tx } from '../transaction.ts'

/** The last position of a group's feed that is visible; no row while it is empty. */
export function findFeedEnd(tx: Tx, group_id: string): postgres.PendingQuery<{ position: number }[]> {
  return tx<{ position: number }[]>`
    select position from event_feed where group_id = ${group_id} order by position desc limit 1`
}
