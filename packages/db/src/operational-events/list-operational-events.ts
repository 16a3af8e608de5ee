import type postgres from 'postgres'
import type { OperationalEventRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type OperationalQuestion = {
  subject?: string | undefined
  types?: readonly string[] | undefined
  limit: number
  after?: readonly string[] | undefined
}

/** What operators must know of, newest first. */
export function listOperationalEvents(
  tx: Tx,
  { subject, types, limit, after }: OperationalQuestion,
): postgres.PendingQuery<OperationalEventRow[]> {
  const [at = '', id = ''] = after ?? []
  return tx<OperationalEventRow[]>`
    select id, event_type, subject, actor, event_data, created_at
      from operational_events
     where true
           ${subject === undefined ? tx`` : tx`and subject = ${subject}`}
           ${types === undefined ? tx`` : tx`and event_type = any (${[...types]}::text[])`}
           ${after === undefined ? tx`` : tx`and (created_at, id) < (${at}::text::timestamptz, ${id}::text::uuid)`}
     order by created_at desc, id desc
     limit ${limit}`
}
