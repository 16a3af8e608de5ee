import type { Tx } from '../transaction.ts'

/** Removes the messages of runs, in the transaction of their verdicts. */
export async function finishRunMessages(tx: Tx, runIds: readonly string[]): Promise<void> {
  await tx`delete from outbox where kind = 'validate_run' and refs[1] = any (${[...runIds]}::uuid[])`
}
