import type { MessageKind } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** How much of a lane is in flight, over all relays and workers, and whether more than that is due. */
export type LaneLoad = { lane: string; in_flight: number; has_due: boolean }

/** Of each lane, counted up to a bound. */
export async function measureLanes(
  tx: Tx,
  { kind, lanes, upTo }: { kind: MessageKind; lanes: readonly string[]; upTo: number },
): Promise<LaneLoad[]> {
  return await tx<LaneLoad[]>`
    select l.lane,
           (select count(*)::int from (
              select from outbox o
               where o.kind = ${kind} and o.lane = l.lane and o.leased_until is not null and o.quarantined_at is null
               limit ${upTo}) leased) as in_flight,
           exists (
             select from outbox o
              where o.kind = ${kind} and o.lane = l.lane and o.leased_until is null and o.quarantined_at is null
                and o.due_at <= clock_timestamp()) as has_due
      from unnest(${[...lanes]}::text[]) as l (lane)`
}
