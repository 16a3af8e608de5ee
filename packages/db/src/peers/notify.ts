import type { Tx } from '../transaction.ts'

/** Tells everybody who listens on a channel, once the transaction commits. */
export async function notify(tx: Tx, channel: string, payload: string): Promise<void> {
  await tx`select pg_notify(${channel}, ${payload})`
}
