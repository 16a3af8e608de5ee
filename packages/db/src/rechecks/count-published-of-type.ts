import type { Tx } from '../transaction.ts'

/** Notes how much a re-validation has before it, once. */
export async function countPublishedOfType(tx: Tx, recheckId: string): Promise<void> {
  await tx`
    update rechecks
       set total = count_published_of_type(artifact_type)
     where id = ${recheckId} and started = 0 and cursor is null`
}
