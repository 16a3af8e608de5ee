import { randomUUIDv7 } from 'node:crypto'
import type { JsonObject, OperationalEventType } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type NewOperationalEvent = {
  event_type: OperationalEventType
  subject: string
  actor: string
  event_data?: JsonObject
}

/** Writes down what operators must learn of, in the transaction that made it happen. */
export async function insertOperationalEvent(
  tx: Tx,
  { event_type, subject, actor, event_data = {} }: NewOperationalEvent,
): Promise<void> {
  await tx`
    insert into operational_events (id, event_type, subject, actor, event_data)
    values (${randomUUIDv7()}, ${event_type}, ${subject}, ${actor}, ${tx.json(event_data)})`
}
