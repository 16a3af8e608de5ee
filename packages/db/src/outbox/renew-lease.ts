import type { SingleKind } from '../rows.ts'
import type { Tx } from '../transaction.ts'
import { isOfKind } from './is-of-kind.ts'

/** Lets the lease of a message last for so long from now, if it has one: one that was ended or scheduled anew stays so. */
export async function renewLease(
  tx: Tx,
  { kind, ref, leaseMs }: { kind: SingleKind; ref: string; leaseMs: number },
): Promise<void> {
  await tx`
    update outbox set leased_until = clock_timestamp() + make_interval(secs => ${leaseMs / 1000})
     where ${isOfKind(tx, kind)} and refs[1] = ${ref} and leased_until is not null`
}
