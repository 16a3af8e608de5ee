import type { OutboxRow } from '../rows.ts'
import type { Tx } from '../transaction.ts'

/** Ends the lease of a message that was not worked off, to be due after a rest. One that was scheduled anew keeps its time. */
export async function giveBackMessage(
  tx: Tx,
  { id, generation }: Pick<OutboxRow, 'id' | 'generation'>,
  restMs: number,
): Promise<void> {
  await tx`
    update outbox set leased_until = null, due_at = clock_timestamp() + make_interval(secs => ${restMs / 1000})
     where id = ${id} and generation = ${generation} and leased_until is not null`
}
