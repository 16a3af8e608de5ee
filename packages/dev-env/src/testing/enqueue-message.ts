import { randomUUIDv7 } from 'node:crypto'
import type { NewMessage } from '@keepr/db/outbox/reschedule-message'
import type { Tx } from '@keepr/db/transaction'

/** Writes a message that is due now, of whatever kind and without what it refers to. */
export async function enqueueMessage(
  tx: Tx,
  { kind, lane, group_id, refs }: Omit<NewMessage, 'delayMs'>,
): Promise<void> {
  await tx`
    insert into outbox (id, kind, lane, group_id, refs)
    values (${randomUUIDv7()}, ${kind}, ${lane}, ${group_id}, ${refs}::uuid[])`
}
