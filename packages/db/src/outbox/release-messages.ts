import type { Tx } from '../transaction.ts'

/** Gives leased messages back untouched: the queue could not be reached. */
export async function releaseMessages(tx: Tx, ids: string[]): Promise<void> {
  await tx`update outbox set leased_until = null where id = any (${ids}::uuid[])`
}
