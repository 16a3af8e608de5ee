import type { Tx } from '../transaction.ts'

/**
 * A validator answers again: the runs of its type that wait for their next try need not wait out a long backoff. They
 * are spread over `withinMs`, so that the validator is not run over; whom it asked to wait (Retry-After) waits.
 */
export async function bringForwardRuns(tx: Tx, lane: string, withinMs: number, limit: number): Promise<number> {
  const moved = await tx`
    update outbox o
       set due_at = clock_timestamp() + random() * make_interval(secs => ${withinMs / 1000})
     where o.id = any (array(
       select m.id from outbox m join validation_runs r on r.id = m.refs[1]
        where m.kind = 'validate_run' and m.lane = ${lane} and m.leased_until is null and m.quarantined_at is null
          and m.due_at > clock_timestamp() + make_interval(secs => ${withinMs / 1000})
          and r.poll_url is null and (r.not_before is null or r.not_before < now())
        order by m.due_at limit ${limit}
        for update of m skip locked))`
  return moved.count
}
