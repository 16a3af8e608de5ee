import type { Tx } from '../transaction.ts'

export type RecheckOutcome = 'passed' | 'failed' | 'unavailable' | 'skipped'

/** Counts a settled run towards the progress of its re-validation. */
export async function countRecheckOutcome(tx: Tx, recheckId: string, outcome: RecheckOutcome): Promise<void> {
  await tx`
    update rechecks
       set ${tx(outcome)} = ${tx(outcome)} + 1
     where id = ${recheckId}`
}
