import type { Tx } from '../transaction.ts'

export type RecheckOutcome = 'passed' | 'failed' | 'unavailable' | 'skipped'

/** Counts a settled run towards the progress of its re-validation. */
export async function countRecheckOutcome(tx: Tx, recheckId: string, outcome: RecheckOutcome): Promise<void> {
  const one = {
    passed: tx`passed = passed + 1`,
    failed: tx`failed = failed + 1`,
    unavailable: tx`unavailable = unavailable + 1`,
    skipped: tx`skipped = skipped + 1`,
  }
  await tx`update rechecks set ${one[outcome]} where id = ${recheckId}`
}
