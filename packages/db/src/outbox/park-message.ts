import type { SingleKind } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { isOfKind } from './is-of-kind.ts'

/** Lets a message rest until its lane is brought forward: far enough for no clock to wake it, the oldest before the others. */
export async function parkMessage(tx: Tx, kind: SingleKind, ref: string): Promise<void> {
  await tx`
    update outbox set due_at = created_at + interval '100 years', leased_until = null, generation = generation + 1
     where ${isOfKind(tx, kind)} and refs[1] = ${ref}`
}
