import { randomUUIDv7 } from 'node:crypto'
import type { TryOutcome } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type NewTry = { at: Date; durationMs: number; outcome: TryOutcome; reason: string | null }

/** Records one call to a validator. */
export async function insertTry(tx: Tx, run: { id: string; group_id: string }, tried: NewTry): Promise<void> {
  await tx`
    insert into validation_tries (id, group_id, run_id, at, duration_ms, outcome, reason)
    values (${randomUUIDv7()}, ${run.group_id}, ${run.id}, ${tried.at.toISOString()}::timestamptz,
            ${Math.max(Math.round(tried.durationMs), 0)}, ${tried.outcome}, ${tried.reason})`
}
