import type { MessageKind } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** Removes the message of a delivery, in the transaction of its effect. */
export async function finishMessage(tx: Tx, kind: MessageKind, ref: string): Promise<void> {
  await tx`delete from outbox where kind = ${kind} and refs[1] = ${ref}`
}
