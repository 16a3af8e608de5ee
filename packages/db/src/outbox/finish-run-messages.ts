import type { Tx } from '../transaction.ts'
import { messagesOf } from './messages-of.ts'

/** Removes the messages of runs of a group, in the transaction of their verdicts. */
export async function finishRunMessages(tx: Tx, group_id: string, runIds: readonly string[]): Promise<void> {
  const refs = tx`${[...runIds]}::uuid[]`
  await tx`delete from outbox where id = any (${messagesOf(tx, { kind: 'validate_run', group_id, refs })})`
}
