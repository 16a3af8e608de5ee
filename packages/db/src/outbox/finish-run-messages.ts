import type { Tx } from '../transaction.ts'

/**
 * Removes the messages of runs of a group, in the transaction of their verdicts. The group is asked for because a message of
 * the queue may name any run, and services see the outbox of all groups.
 */
export async function finishRunMessages(tx: Tx, group_id: string, runIds: readonly string[]): Promise<void> {
  await tx`
    delete from outbox where kind = 'validate_run' and group_id = ${group_id} and refs[1] = any (${[...runIds]}::uuid[])`
}
