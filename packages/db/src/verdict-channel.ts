import type { Tx } from './transaction.ts'

/** Where a settled run is announced, by its id, if somebody waits for it (`awaited`). */
export const verdictChannel = 'keepr_verdict'

/** Wakes those who wait for this run's verdict once the transaction commits. Only for awaited runs: NOTIFY serialises commits. */
export async function announceVerdict(tx: Tx, runId: string): Promise<void> {
  await tx`select pg_notify(${verdictChannel}, ${runId})`
}
