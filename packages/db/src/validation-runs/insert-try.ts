import { randomUUIDv7 } from 'node:crypto'
import type { TryOutcome } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type NewTry = { at: Date; durationMs: number; outcome: TryOutcome; reason: string | null }

/** Records one call for each of many runs of a group. */
export async function insertTries(
  tx: Tx,
  group_id: string,
  calls: readonly { run_id: string; tried: NewTry }[],
): Promise<void> {
  const rows = calls.map(({ run_id, tried }) => ({
    id: randomUUIDv7(),
    run_id,
    at: tried.at.toISOString(),
    duration_ms: Math.max(Math.round(tried.durationMs), 0),
    outcome: tried.outcome,
    reason: tried.reason,
  }))
  await tx`
    insert into validation_tries (id, group_id, run_id, at, duration_ms, outcome, reason)
    select id, ${group_id}, run_id, at, duration_ms, outcome, reason
      from jsonb_to_recordset(${tx.json(rows)}) as t (id uuid, run_id uuid, at timestamptz, duration_ms int, outcome text, reason text)`
}

/** Records one call to a validator. */
export const insertTry = (tx: Tx, run: { id: string; group_id: string }, tried: NewTry): Promise<void> =>
  insertTries(tx, run.group_id, [{ run_id: run.id, tried }])
