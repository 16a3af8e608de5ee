import type { SingleKind } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { isOfKind } from './is-of-kind.ts'

type Finished = { kind: SingleKind; group_id: string; ref: string }

/** Removes the message of a delivery, in the transaction of its effect. Services see the outbox of all groups: it says whose. */
export async function finishMessage(tx: Tx, { kind, group_id, ref }: Finished): Promise<void> {
  await tx`delete from outbox where ${isOfKind(tx, kind)} and group_id = ${group_id} and refs[1] = ${ref}`
}
