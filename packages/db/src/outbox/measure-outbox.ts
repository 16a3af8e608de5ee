import type { MessageKind } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type OutboxState = {
  kind: MessageKind
  state: 'due' | 'leased' | 'scheduled' | 'set_aside'
  messages: number
  /** For how long the oldest of them has been due. */
  oldest_s: number
}

/** How many messages stand in the outbox, and since when. Reads it whole: it holds what is still to do, and no more. */
export async function measureOutbox(tx: Tx): Promise<OutboxState[]> {
  return await tx<OutboxState[]>`
    select kind,
           case when quarantined_at is not null then 'set_aside' when leased_until is not null then 'leased'
                when due_at <= clock_timestamp() then 'due' else 'scheduled' end as state,
           count(*)::int as messages,
           greatest(extract(epoch from clock_timestamp() - min(due_at)), 0)::float8 as oldest_s
      from outbox
     group by 1, 2`
}
