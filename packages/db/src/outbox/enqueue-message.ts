import { randomUUIDv7 } from 'node:crypto'
import type { MessageKind } from '../rows.ts'
import type { Tx } from '../transaction.ts'

export type NewMessage = {
  kind: MessageKind
  /** Artifact type, subscriber, or 'events': in-flight work is bounded per lane, so one slow lane delays no other. */
  lane: string
  group_id: string
  refs: string[]
  traceparent?: string | undefined
  /** When it is due; now if left out. */
  delayMs?: number
}

/** Writes what must follow from this transaction. The relay of any service carries it on once it is committed and due. */
export async function enqueueMessage(tx: Tx, message: NewMessage): Promise<void> {
  await tx`
    insert into outbox (id, kind, lane, group_id, refs, traceparent, due_at)
    values (${randomUUIDv7()}, ${message.kind}, ${message.lane}, ${message.group_id}, ${message.refs}::uuid[],
            ${message.traceparent ?? null}, clock_timestamp() + make_interval(secs => ${(message.delayMs ?? 0) / 1000}))`
}
